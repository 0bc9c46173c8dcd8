/**
 * A witness generator as a process: generator <circuit.dat>
 *   stdin   signals: count; for each: hash of its name, length (64 bits each), then its values, 32 bytes each, canonical
 *   stdout  the witness, 32 bytes a value, canonical
 *   exit    see operators.h
 * All integers little endian. A process of its own, because circom's code does not check indices: whatever it does, the
 * prover lives on.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include "circuit.h"

void leave(Exit code) { _exit(code); }

/** Local variables of circom live on the stack, all constants of a hash among them. */
static constexpr size_t STACK_BYTES = (size_t)1 << 28;

struct Bytes {
  const u8 *data;
  size_t size;
};

/** A file as memory: its pages come from the system's cache without a copy. */
static Bytes mapped(const char *path) {
  struct stat status;
  const int file = open(path, O_RDONLY);
  if (file < 0 || fstat(file, &status) != 0 || status.st_size == 0) leave(UNFIT_FILES);
  void *data = mmap(nullptr, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
  if (data == MAP_FAILED) leave(UNFIT_FILES);
  return {(const u8 *)data, (size_t)status.st_size};
}

/** Zeroed memory, in large pages where the system has them: it is touched once and all over. */
static void *zeroed(size_t size) {
  const size_t page = (size_t)1 << 21, rounded = (size + page) & ~(page - 1);
  void *data = mmap(nullptr, rounded + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) leave(UNFIT_FILES);
  data = (void *)(((uintptr_t)data + page - 1) & ~(uintptr_t)(page - 1));
#ifdef MADV_HUGEPAGE
  madvise(data, rounded, MADV_HUGEPAGE);
#endif
  return data;
}

static std::vector<u8> readInputs() {
  std::vector<u8> data;
  for (ssize_t got = 1; got != 0;) {
    const size_t size = data.size();
    data.resize(size + (1 << 16));
    while ((got = read(0, data.data() + size, 1 << 16)) < 0 && errno == EINTR) {}
    if (got < 0) leave(UNFIT_INPUTS);
    data.resize(size + (size_t)got);
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
      FrElement &signal = ctx.signalValues[input.signal + j];
      if (small) setShort(&signal, (int32_t)v.w[0]);
      else setMontgomery(&signal, productMont(v, R_SQUARED));
    }
    set += input.length;
  }
  if (set != get_main_input_signal_no() || at != data.size()) leave(UNFIT_INPUTS);
}

static void writeWitness(const Circom_CalcWit &ctx) {
  static Limbs values[4096];
  for (size_t at = 0, count; at < get_size_of_witness(); at += count) {
    count = std::min<size_t>(get_size_of_witness() - at, 4096);
    for (size_t i = 0; i < count; i++) values[i] = canonical(ctx.signalValues[ctx.witness[at + i]]);
    const u8 *from = (const u8 *)values;
    for (size_t left = count * sizeof(Limbs); left > 0;) {
      const ssize_t written = write(1, from, left);
      if (written < 0 && errno != EINTR) leave(UNFIT_FILES);
      if (written > 0) from += written, left -= (size_t)written;
    }
  }
}

static void *generate(void *path) {
  const Bytes dat = mapped((const char *)path);
  Circom_CalcWit ctx;
  loadCircuit(ctx, dat.data, dat.size);
  // Zeros, as in the calculator: a signal that is never assigned is 0.
  ctx.signalValues = (FrElement *)zeroed(get_total_signal_no() * sizeof(FrElement));
  ctx.componentMemory = (Circom_Component *)zeroed(get_number_of_components() * sizeof(Circom_Component));
  setShort(&ctx.signalValues[0], 1);
  setInputs(ctx, readInputs());
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
