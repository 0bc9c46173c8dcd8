/** Every MSM equals one multiplication of the generator: random and extreme scalars, special points, sizes, threads. */
#include "../msm/msm.h"
#include "check.h"
#include "points.h"
#include "threadContext.h"

using namespace zkattr;

/** sum_i scalar_i logs_i, canonical. */
static Fr expectedLog(const std::vector<Fr>& scalars, const std::vector<Fr>& logs) {
  Fr sum = Fr::zero();
  for (size_t i = 0; i < scalars.size(); i++) sum = add(sum, mul(scalars[i], logs[i]));
  return fromMontgomery(sum);
}
static Fr integer(int64_t x) {
  const Fr magnitude = toMontgomery(Fr{{uint64_t(x < 0 ? -x : x), 0, 0, 0}});
  return x < 0 ? neg(magnitude) : magnitude;
}
template <class G>
static std::vector<uint8_t> pointOf(const Fr& log) {
  std::vector<uint8_t> out(G::POINT_BYTES);
  storePoint<G>(multiplyPoint<G>(generator<G>(), log.v), out.data());
  return out;
}

/** Points with repetitions, opposites and infinities, beside their logarithms. */
template <class G>
struct Bases {
  std::vector<uint8_t> bytes;
  std::vector<Fr> logs;
  Bases(size_t n, Random& random, bool awkward) : bytes(multiplesOfGenerator<G>(n)) {
    for (size_t i = 0; i < n; i++) logs.push_back(integer((int64_t)i + 1));
    if (!awkward) return;
    for (size_t i = 1; i < n; i++) {
      const size_t other = random.below(i);
      uint8_t *at = &bytes[i * G::POINT_BYTES], *from = &bytes[other * G::POINT_BYTES];
      switch (random.below(6)) {
        case 0: std::memset(at, 0, G::POINT_BYTES), logs[i] = Fr::zero(); break;
        case 1: std::memcpy(at, from, G::POINT_BYTES), logs[i] = logs[other]; break;
        case 2: {
          if (logs[other].isZero()) break;
          std::memcpy(at, from, G::POINT_BYTES);
          neg(G::Element::load(from + G::COORDINATE_BYTES)).store(at + G::COORDINATE_BYTES);
          logs[i] = neg(logs[other]);
          break;
        }
        default: break;
      }
    }
  }
};

template <class G>
static void full(size_t n, bool awkward, int threads) {
  Random random(n * 4 + awkward);
  const Bases<G> bases(n, random, awkward);
  for (int kind = 0; kind < 5; kind++) {
    std::vector<Fr> scalars(n), canonical(n);
    const Fr one = random.edgy<FrModulus>();
    for (size_t i = 0; i < n; i++) {
      scalars[i] = kind == 0 ? random.element<FrModulus>() : kind == 1 ? random.edgy<FrModulus>() : kind == 2 ? one : kind == 3 ? integer((int64_t)random.below(3) - 1) : Fr::zero();
      canonical[i] = fromMontgomery(scalars[i]);
    }
    const auto expected = pointOf<G>(expectedLog(scalars, bases.logs));
    ThreadContext context(threads);
    for (const ScalarForm form : {ScalarForm::Montgomery, ScalarForm::Canonical}) {
      std::vector<uint8_t> got(G::POINT_BYTES, 0xaa);
      const auto* s = reinterpret_cast<const uint8_t*>((form == ScalarForm::Montgomery ? scalars : canonical).data());
      (G::POINT_BYTES == 64 ? msmG1 : msmG2)(context, bases.bytes.data(), s, n, form, got.data());
      CHECK(got == expected, "msm G%zu n = %zu, scalars %d, form %d, awkward %d, %d threads", G::POINT_BYTES / 64, n, kind, (int)form, awkward, threads);
    }
  }
}

static void small(size_t n, bool awkward, int threads) {
  Random random(n * 8 + awkward);
  const Bases<G1> bases(n, random, awkward);
  for (const IntKind kind : {IntKind::Bit, IntKind::Int8, IntKind::Int16}) {
    std::vector<uint8_t> bits(n);
    std::vector<int8_t> bytes(n);
    std::vector<int16_t> words(n);
    std::vector<Fr> scalars(n);
    for (size_t i = 0; i < n; i++) {
      const uint64_t edge = random.below(8);
      bits[i] = edge == 0 ? 255 : uint8_t(random.below(2));
      bytes[i] = edge == 0 ? -128 : edge == 1 ? 127 : int8_t(random.below(256));
      words[i] = edge == 0 ? -32768 : edge == 1 ? 32767 : edge == 2 ? 128 : int16_t(random.below(65536));
      scalars[i] = integer(kind == IntKind::Bit ? bits[i] != 0 : kind == IntKind::Int8 ? bytes[i] : words[i]);
    }
    std::vector<uint8_t> got(64, 0xaa);
    ThreadContext context(threads);
    const void* data = kind == IntKind::Bit ? (const void*)bits.data() : kind == IntKind::Int8 ? (const void*)bytes.data() : (const void*)words.data();
    msmSmallG1(context, bases.bytes.data(), kind, data, n, got.data());
    CHECK(got == pointOf<G1>(expectedLog(scalars, bases.logs)), "msmSmall kind %d n = %zu, awkward %d, %d threads", (int)kind, n, awkward, threads);
  }
}

template <class G>
static void fixedBase(size_t n, int threads) {
  Random random(n);
  std::vector<uint8_t> base(G::POINT_BYTES), got(n * G::POINT_BYTES, 0xaa);
  storePoint<G>(generator<G>(), base.data());
  std::vector<Fr> scalars(n);
  for (auto& s : scalars) s = random.edgy<FrModulus>();
  for (size_t i = 0; i < n && i < 3; i++) scalars[i] = integer(0);
  std::vector<Fr> canonical(n);
  for (size_t i = 0; i < n; i++) canonical[i] = fromMontgomery(scalars[i]);
  ThreadContext context(threads);
  (G::POINT_BYTES == 64 ? fixedBaseG1 : fixedBaseG2)(context, base.data(), reinterpret_cast<const uint8_t*>(canonical.data()), n, got.data());
  for (size_t i = 0; i < n; i += n > 100 ? 37 : 1) {
    const auto expected = pointOf<G>(canonical[i]);
    CHECK(std::memcmp(&got[i * G::POINT_BYTES], expected.data(), G::POINT_BYTES) == 0, "fixedBase G%zu n = %zu entry %zu", G::POINT_BYTES / 64, n, i);
  }
}

int main() {
  for (const int threads : {1, 2, 3}) {
    for (const size_t n : {0, 1, 2, 3, 7, 8, 9, 17, 65, 300, 3000}) {
      for (const bool awkward : {false, true}) {
        full<G1>(n, awkward, threads);
        if (n < 1000) full<G2>(n, awkward, threads);
        small(n, awkward, threads);
      }
    }
    full<G1>(40000, true, threads);
    small(70000, true, threads);
    for (const size_t n : {0, 1, 7, 8, 9, 100, 2500}) fixedBase<G1>(n, threads), fixedBase<G2>(n, threads);
  }
  small((1 << 18) + 5, false, 2);
  return report("msm");
}
