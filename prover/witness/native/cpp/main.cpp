/**
 * A witness generator as a process: generator <circuit.dat>
 *   stdin   signals: count; for each: hash of its name, length (64 bits each), then its values, 32 bytes each, canonical
 *   stdout  the witness, 32 bytes a value, canonical
 *   exit    see operators.h
 * All integers little endian. A process of its own, because circom's code does not check indices: whatever it does, the
 * prover lives on.
 */
#include <pthread.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>
#include "circuit.h"

void leave(Exit code) { _exit(code); }

/** Local variables of circom live on the stack, all constants of a hash among them. */
static constexpr size_t STACK_BYTES = (size_t)1 << 28;

static std::vector<u8> readAll(FILE *file) {
  std::vector<u8> data;
  if (file == nullptr) leave(UNFIT_FILES);
  for (size_t got = 1 << 16; got > 0;) {
    const size_t size = data.size();
    data.resize(size + (size < 1 << 16 ? 1 << 16 : size));
    got = fread(data.data() + size, 1, data.size() - size, file);
    data.resize(size + got);
  }
  return data;
}

static const InputSignal &findInput(const Circom_CalcWit &ctx, u64 hash) {
  for (uint i = 0; i < get_size_of_input_hashmap(); i++)
    if (ctx.inputs[i].hash == hash && ctx.inputs[i].signal != 0) return ctx.inputs[i];
  leave(UNFIT_INPUTS);
}

static void setInputs(Circom_CalcWit &ctx, const std::vector<u8> &data) {
  size_t at = 0;
  auto take = [&](void *target, size_t size) {
    if (size > data.size() - at) leave(UNFIT_INPUTS);
    memcpy(target, data.data() + at, size);
    at += size;
  };
  u64 signals, set = 0;
  take(&signals, 8);
  for (u64 i = 0; i < signals; i++) {
    u64 head[2];
    take(head, sizeof head);
    const InputSignal &input = findInput(ctx, head[0]);
    if (input.length != head[1] || input.signal + input.length > get_total_signal_no()) leave(UNFIT_INPUTS);
    for (u64 j = 0; j < input.length; j++) {
      Limbs v;
      take(&v, sizeof v);
      if (atLeast(v, MODULUS)) leave(UNFIT_INPUTS);
      const bool small = (v.w[0] >> 31 | v.w[1] | v.w[2] | v.w[3]) == 0;
      ctx.signalValues[input.signal + j] = small ? shortElement((int32_t)v.w[0]) : montElement(montgomery(longElement(v)));
    }
    set += input.length;
  }
  if (set != get_main_input_signal_no() || at != data.size()) leave(UNFIT_INPUTS);
}

static void writeWitness(const Circom_CalcWit &ctx) {
  std::vector<Limbs> values(get_size_of_witness());
  for (size_t i = 0; i < values.size(); i++) values[i] = canonical(ctx.signalValues[ctx.witness[i]]);
  if (fwrite(values.data(), sizeof(Limbs), values.size(), stdout) != values.size() || fflush(stdout) != 0) leave(UNFIT_FILES);
}

static void *generate(void *path) {
  FILE *file = fopen((const char *)path, "rb");
  std::vector<u8> dat = readAll(file);
  const std::vector<u8> inputs = readAll(stdin);
  Circom_CalcWit ctx;
  loadCircuit(ctx, dat.data(), dat.size());
  // Zeros, as in the calculator: a signal that is never assigned is 0.
  ctx.signalValues = (FrElement *)calloc(get_total_signal_no(), sizeof(FrElement));
  ctx.componentMemory = (Circom_Component *)calloc(get_number_of_components(), sizeof(Circom_Component));
  if (ctx.signalValues == nullptr || ctx.componentMemory == nullptr) leave(UNFIT_FILES);
  ctx.signalValues[0] = shortElement(1);
  setInputs(ctx, inputs);
  run(&ctx);
  writeWitness(ctx);
  leave(WITNESS);
}

int main(int argc, char **argv) {
  pthread_attr_t attributes;
  pthread_t thread;
  if (argc != 2 || pthread_attr_init(&attributes) != 0 || pthread_attr_setstacksize(&attributes, STACK_BYTES) != 0) return UNFIT_FILES;
  if (pthread_create(&thread, &attributes, generate, argv[1]) != 0) return UNFIT_FILES;
  pthread_join(thread, nullptr);
  return UNFIT_FILES;
}
