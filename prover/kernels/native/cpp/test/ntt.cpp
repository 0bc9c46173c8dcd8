/**
 * The transform equals its definition, sum by sum, for small sizes; for larger ones it is inverted by the inverse, agrees
 * with single values of the polynomial, and does not depend on the number of threads.
 */
#include "../ntt/ntt.h"
#include <vector>
#include "../ntt/transform.h"
#include "../ntt/roots.h"
#include "check.h"
#include "teamContext.h"

using namespace zkattr;
using Values = std::vector<Fr>;

static uint8_t* bytes(Values& values) { return reinterpret_cast<uint8_t*>(values.data()); }

/** sum_i a[i] x^i */
static Fr evaluate(const Values& a, const Fr& x) {
  Fr sum = Fr::zero();
  for (size_t i = a.size(); i-- > 0;) sum = add(mul(sum, x), a[i]);
  return sum;
}
/** By definition; the root by its own definition. */
static Values naive(const Values& a, unsigned log, bool inverse, const Fr* shift, const Fr& scale) {
  Fr w = Fr::one(), five = Fr::zero();
  for (int i = 0; i < 5; i++) five = add(five, Fr::one());
  Limbs4 exponent = FrModulus::P;  // (r - 1) >> log
  exponent[0] -= 1;
  for (unsigned i = 0; i < log; i++)
    for (int k = 0; k < 4; k++) exponent[k] = (exponent[k] >> 1) | (k < 3 ? exponent[k + 1] << 63 : 0);
  for (int bit = 255; bit >= 0; bit--) {
    w = square(w);
    if ((exponent[bit >> 6] >> (bit & 63)) & 1) w = mul(w, five);
  }
  if (inverse) w = zkattr::inverse(w);
  Values b = a, out;
  Fr power = Fr::one();
  if (shift && !inverse)
    for (Fr& x : b) x = mul(x, power), power = mul(power, *shift);
  Fr n = Fr::zero();
  for (size_t i = 0; i < a.size(); i++) n = add(n, Fr::one());
  const Fr factor = inverse ? mul(scale, zkattr::inverse(n)) : scale;
  Fr x = Fr::one(), unshift = Fr::one();
  for (size_t j = 0; j < a.size(); j++, x = mul(x, w)) {
    out.push_back(mul(mul(factor, unshift), evaluate(b, x)));
    if (shift && inverse) unshift = mul(unshift, zkattr::inverse(*shift));
  }
  return out;
}

int main() {
  Random random(11);
  TeamContext one(1), two(2), three(3);
  TeamContext* contexts[] = {&one, &two, &three};

  for (unsigned log = 0; log <= 9; log++)
    for (int mode = 0; mode < 8; mode++) {
      const bool inverse = mode & 1, shifted = mode & 2, scaled = mode & 4;
      const Fr shift = random.element<FrModulus>(), scale = scaled ? random.element<FrModulus>() : Fr::one();
      Values a(size_t(1) << log);
      for (Fr& x : a) x = random.edgy<FrModulus>();
      const Values expected = naive(a, log, inverse, shifted ? &shift : nullptr, scale);
      Values got = a, scratch(a.size());
      const Transform transform(log, inverse, shifted ? std::optional<Fr>(shift) : std::nullopt, scale);
      transform.run(*contexts[mode % 3], bytes(got), bytes(scratch));
      CHECK(got == expected, "2^%u, mode %d", log, mode);
      if (scaled) continue;
      got = a;
      ntt(*contexts[mode % 3], bytes(got), log, inverse, shifted ? reinterpret_cast<const uint8_t*>(&shift) : nullptr);
      CHECK(got == expected, "ntt 2^%u, mode %d", log, mode);
    }

  for (unsigned log = 0; log <= 16; log++) {
    const size_t n = size_t(1) << log;
    const Fr shift = random.element<FrModulus>();
    const auto* shiftBytes = reinterpret_cast<const uint8_t*>(&shift);
    Values a(n);
    for (Fr& x : a) x = random.edgy<FrModulus>();
    // All of p - 1: as large as inputs get.
    if (log % 3 == 0) a.assign(n, Fr::of(modulus_detail::subtract(FrModulus::P, {1, 0, 0, 0})));
    Values reference;
    for (TeamContext* context : contexts) {
      for (const uint8_t* s : {(const uint8_t*)nullptr, shiftBytes}) {
        Values b = a;
        ntt(*context, bytes(b), log, false, s);
        if (!s) {
          CHECK(reference.empty() || b == reference, "2^%u: %d threads", log, context->threads());
          reference = b;
        }
        for (int sample = 0; sample < 3; sample++) {
          const size_t j = random.below(n);
          const Fr x = mul(power(ntt_detail::rootOfUnity(log), j), s ? shift : Fr::one());
          CHECK(b[j] == evaluate(a, x), "2^%u: value %zu", log, j);
        }
        ntt(*context, bytes(b), log, true, s);
        CHECK(b == a, "2^%u: inverse of forward", log);
      }
    }
  }

  // Canonical results, for scalars.
  Values a(1024), b, scratch(1024);
  for (Fr& x : a) x = random.element<FrModulus>();
  b = a;
  ntt(one, bytes(a), 10, false, nullptr);
  Transform(10, false, std::nullopt, FR_ONE_CANONICAL).run(one, bytes(b), bytes(scratch));
  for (size_t i = 0; i < a.size(); i++) CHECK(b[i] == fromMontgomery(a[i]), "canonical %zu", i);

  CHECK(one.wrongProgress == 0 && two.wrongProgress == 0 && three.wrongProgress == 0 && one.completed > 0, "progress");
  for (int kind = 0; kind < 2; kind++) {
    bool thrown = false;
    try {
      const Fr zero = Fr::zero();
      if (kind == 0) ntt(one, nullptr, 29, false, nullptr);
      if (kind == 1) ntt(one, bytes(a), 10, false, reinterpret_cast<const uint8_t*>(&zero));
    } catch (const std::invalid_argument&) {
      thrown = true;
    }
    CHECK(thrown, "invalid argument %d", kind);
  }
  two.abortAt = two.checkpoints + 5;
  bool cancelled = false;
  try {
    ntt(two, bytes(a), 10, false, nullptr);
  } catch (const Cancelled&) {
    cancelled = true;
  }
  CHECK(cancelled, "cancelled");
  return report("ntt");
}
