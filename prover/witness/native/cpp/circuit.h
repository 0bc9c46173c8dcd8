/**
 * What the C++ that circom emits (`circom --c`) expects around it, under the names it uses. Own code: circom's runtime is
 * not part of this package. Names of components and templates are dropped, and so is what would be printed: a run that
 * fails is repeated by the WebAssembly calculator, which tells why.
 *
 * A circuit has `get_total_signal_no()` signals; signal 0 is the constant 1. Component c owns the signals from
 * `componentMemory[c].signalStart` on. The .dat file holds, little endian, one after the other:
 *   inputs     get_size_of_input_hashmap() x (hash, first signal, length), 64 bits each; FNV-1a hash of the name; unused: zeros
 *   witness    get_size_of_witness() x signal, 64 bits
 *   constants  get_size_of_constants() x FrElement
 *   io map     get_size_of_io_map() template ids, then for each: count, count x (offset, n, n lengths, size, bus), 32 bits each
 *   buses      get_size_of_bus_field_map() entries as in the io map
 */
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>
#include "operators.h"

using u64 = uint64_t;
using u32 = uint32_t;
using u8 = uint8_t;
using uint = unsigned int;

/** A text that nobody reads. */
struct Name {
  Name() = default;
  Name(const char *) {}
  const char *c_str() const { return ""; }
};
inline Name operator+(const Name &, const Name &) { return {}; }
/** Where messages go. */
struct Quiet {};
template <class T> const Quiet &operator<<(const Quiet &q, const T &) { return q; }
constexpr Quiet quiet{};
template <class... T> void mute(const T &...) {}

struct InputSignal {
  u64 hash, signal, length;
};
struct IOFieldDef {
  u32 offset, len;
  const u32 *lengths;
  u32 size, busId;
};
struct IOFieldDefPair {
  u32 len;
  IOFieldDef *defs;
};

struct Circom_Component {
  u32 templateId;
  u64 signalStart;
  u32 inputCounter;
  Name templateName, componentName;
  u64 idFather;
  u32 *subcomponents;
  bool *subcomponentsParallel;
  // Of `parallel` components, which are not supported: always null.
  bool *outputIsSet, *mutexes, *cvs, *sbct;
};

struct Circom_CalcWit {
  FrElement *signalValues;
  FrElement *circuitConstants;
  Circom_Component *componentMemory;
  Name *listOfTemplateMessages = nullptr;
  /** By template id. */
  std::vector<IOFieldDefPair> templateInsId2IOSignalInfo;
  std::vector<IOFieldDefPair> busInsId2FieldInfo;
  const InputSignal *inputs;
  const u64 *witness;

  Name getTrace(u64) const { return {}; }
  Name generate_position_array(const uint *, uint, uint) const { return {}; }
};

using Circom_TemplateFunction = void (*)(uint, Circom_CalcWit *);

/** Takes a circuit's tables from the bytes of its .dat file, which must stay. */
void loadCircuit(Circom_CalcWit &ctx, const u8 *data, size_t size);

/** values[i] = constants[indices[i]] */
inline void gather(FrElement *values, const FrElement *constants, const u32 *indices, int n) {
  for (int i = 0; i < n; i++) values[i] = constants[indices[i]];
}

// What the emitted code defines.
uint get_main_input_signal_start();
uint get_main_input_signal_no();
uint get_total_signal_no();
uint get_number_of_components();
uint get_size_of_input_hashmap();
uint get_size_of_witness();
uint get_size_of_constants();
uint get_size_of_io_map();
uint get_size_of_bus_field_map();
void run(Circom_CalcWit *ctx);

#undef assert
#define assert(condition) do { if (!(condition)) leave(UNSATISFIED); } while (0)
