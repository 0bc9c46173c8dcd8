/** Counting checks and seeded random values for the C++ tests. A test is a program that exits 0 when all checks hold. */
#pragma once
#include <cstdio>
#include <random>
#include "../field/element.h"

inline long checks = 0, failures = 0;
#define CHECK(condition, ...)                                        \
  do {                                                               \
    checks++;                                                        \
    if (!(condition) && failures++ < 20) {                           \
      std::fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);           \
      std::fprintf(stderr, __VA_ARGS__);                             \
      std::fputc('\n', stderr);                                      \
    }                                                                \
  } while (0)
inline int report(const char* name) {
  std::printf("%s: %ld checks, %ld failed\n", name, checks, failures);
  return failures == 0 && checks > 0 ? 0 : 1;
}

struct Random {
  std::mt19937_64 engine;
  explicit Random(uint64_t seed) : engine(seed) {}
  uint64_t below(uint64_t n) { return engine() % n; }
  template <class F>
  zkattr::Element<F> element() {
    for (;;) {
      zkattr::Limbs4 x{engine(), engine(), engine(), engine() & 0x3fffffffffffffff};
      if (zkattr::modulus_detail::less(x, F::P)) return zkattr::Element<F>::of(x);
    }
  }
  /** One in four is 0, 1, p - 1, small, or has limbs of all ones. */
  template <class F>
  zkattr::Element<F> edgy() {
    using E = zkattr::Element<F>;
    switch (below(20)) {
      case 0: return E::zero();
      case 1: return E{{1, 0, 0, 0}};
      case 2: return E::of(zkattr::modulus_detail::subtract(F::P, {1, 0, 0, 0}));
      case 3: return E{{~uint64_t(0), ~uint64_t(0), ~uint64_t(0), 0x2fffffffffffffff}};
      case 4: return E{{below(5), 0, 0, 0}};
      default: return element<F>();
    }
  }
};
