/**
 * What the machine can do at best: field products from registers, bytes from memory. Compiled once for each instruction set with
 * the kernels' own arithmetic; prints one JSON object. Arguments: threads, milliseconds for a measurement.
 *   products  a second, K independent chains x <- x y of N lanes each, the best K
 *   bytes     a second by size of the working set: `read` sums words, `copy` counts bytes read and written
 */
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>
#include "../../../prover/kernels/native/cpp/field/lanes.h"

using namespace zkattr;
using Clock = std::chrono::steady_clock;
using Vector = MontLanes<FrModulus>;

namespace {

volatile uint64_t sink, opaque = 5;
double seconds = 0.05;

/** Calls body() on each thread again and again for the same stretch of time; the sum of what they did, by second. */
template <class Body>
double rate(int threads, Body body) {
  double best = 0;
  for (int attempt = 0; attempt < 3; attempt++) {
    std::atomic<int> ready{0};
    std::vector<double> rates(threads);
    std::vector<std::thread> pool;
    for (int t = 0; t < threads; t++) pool.emplace_back([&, t] {
      body(t);
      ready++;
      while (ready < threads) std::this_thread::yield();
      double units = 0;
      const auto start = Clock::now();
      double elapsed = 0;
      while (elapsed < seconds) {
        units += body(t);
        elapsed = std::chrono::duration<double>(Clock::now() - start).count();
      }
      rates[t] = units / elapsed;
    });
    for (auto& thread : pool) thread.join();
    double sum = 0;
    for (double r : rates) sum += r;
    best = std::max(best, sum);
  }
  return best;
}

template <unsigned K>
double products(int threads) {
  return rate(threads, [](int) {
    constexpr unsigned ROUNDS = 2048;
    // Read from a volatile: a product by a known constant would be computed by the compiler.
    Element<FrModulus> factor = Element<FrModulus>::one();
    for (uint64_t& limb : factor.v) limb ^= opaque;
    Vector x[K], y = asMont(RawLanes<FrModulus>::broadcast(factor));
    for (unsigned k = 0; k < K; k++) x[k] = y;
    for (unsigned i = 0; i < ROUNDS; i++)
      for (unsigned k = 0; k < K; k++) x[k] = mul(x[k], y);
    uint64_t mix = 0;
    for (unsigned k = 0; k < K; k++) {
      uint64_t words[sizeof(Vector) / 8];
      std::memcpy(words, &x[k], sizeof words);
      mix ^= words[0];
    }
    sink = mix;
    return double(ROUNDS) * K * Vector::N;
  });
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 1;
  if (argc > 2) seconds = std::atof(argv[2]) / 1000;
  const double product = std::max({products<1>(threads), products<2>(threads), products<3>(threads), products<4>(threads), products<6>(threads), products<8>(threads)});
  std::printf("{\"products\": %.0f, \"bytes\": [", product);
  for (unsigned log = 16; log <= 28; log += 2) {
    // Each thread has its share: `size` is what all of them touch.
    const size_t share = (size_t(1) << log) / threads, words = share / 8;
    std::vector<std::vector<uint64_t>> data(threads, std::vector<uint64_t>(words, 1)), copies(threads, std::vector<uint64_t>(words / 2, 1));
    const double read = rate(threads, [&](int t) {
      uint64_t sums[16] = {};
      const uint64_t* p = data[t].data();
      for (size_t i = 0; i + 16 <= words; i += 16)
        for (unsigned k = 0; k < 16; k++) sums[k] += p[i + k];
      for (uint64_t s : sums) sink = s;
      return double(share);
    });
    const double copy = rate(threads, [&](int t) {
      std::memcpy(copies[t].data(), data[t].data(), share / 2);
      sink = copies[t][words / 4];
      return double(share);
    });
    std::printf("%s{\"log\": %u, \"read\": %.0f, \"copy\": %.0f}", log == 16 ? "" : ", ", log, read, copy);
  }
  std::printf("]}\n");
}
