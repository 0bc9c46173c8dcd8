#include "constraints.h"
#include <algorithm>
#include "../field/lanes.h"
#include "../ntt/roots.h"
#include "../ntt/transform.h"
#include "partContext.h"

namespace zkattr {
namespace groth16_detail {
namespace {

using Vector = RawLanes<FrModulus>;
constexpr size_t N = Vector::N, ELEMENT = 32;
/** Rows and elements of one task: some hundred microseconds. */
constexpr size_t ROWS = 2048, ELEMENTS = 8192;
/** Products that wait to be added up: they stay in L1. */
constexpr size_t BATCH = 256;
static_assert(BATCH % N == 0, "whole vectors");

/** out[k] = coefficient x witness of entry first + k, k < count. */
void products(const Coefficients& coefficients, const uint8_t* witness, size_t first, size_t count, Fr* out) {
  for (size_t k = 0; k < count; k += N) {
    const uint8_t *values[N], *signals[N];
    for (size_t lane = 0; lane < N; lane++) {
      // Lanes beyond the end repeat the last entry.
      const uint8_t* entry = coefficients.entry(first + std::min(k + lane, count - 1));
      values[lane] = Coefficients::value(entry);
      signals[lane] = witness + ELEMENT * Coefficients::signal(entry);
    }
    // 16 p x p: below 2 p.
    store<2>(mul(toMont(gather<FrModulus>(values)), gather<FrModulus>(signals)), &out[k]);
  }
}

/** Rows from..to - 1. */
void evaluateRows(const ZkeyView& zkey, const uint8_t* witness, size_t from, size_t to, uint8_t* a, uint8_t* b, uint8_t* product) {
  const Coefficients& coefficients = zkey.coefficients;
  alignas(64) Fr batch[BATCH];
  size_t next = coefficients.starts[from], begin = next, end = next;
  for (size_t row = from; row < to; row++) {
    Fr sums[2] = {Fr::zero(), Fr::zero()};
    for (; next < coefficients.starts[row + 1]; next++) {
      if (next == end) {
        begin = end;
        end = std::min<size_t>(begin + BATCH, coefficients.starts[to]);
        products(coefficients, witness, begin, end - begin, batch);
      }
      Fr& sum = sums[Coefficients::matrix(coefficients.entry(next))];
      sum = add(sum, batch[next - begin]);
    }
    sums[0].store(a + ELEMENT * row);
    sums[1].store(b + ELEMENT * row);
    mul(sums[0], sums[1]).store(product + ELEMENT * row);
  }
}

/** a[i] <- a[i] b[i] - c[i]: canonical, for canonical a and c and Montgomery b. */
void multiplySubtract(Context& context, uint8_t* a, const uint8_t* b, const uint8_t* c, size_t n) {
  context.parallelFor((n + ELEMENTS - 1) / ELEMENTS, [&](size_t task, int) {
    const size_t end = std::min(n, (task + 1) * ELEMENTS);
    for (size_t i = task * ELEMENTS; i < end; i += N) {
      const size_t count = std::min(N, end - i), at = ELEMENT * i;
      // 16 p x p, so below 2 p; less one, plus p: below 3 p.
      const auto difference = [&](const Vector& x, const Vector& y, const Vector& z) { return sub<1>(mul(toMont(x), y), z); };
      if (count == N) {
        store<4>(difference(load<FrModulus>(a + at), load<FrModulus>(b + at), load<FrModulus>(c + at)), a + at);
      } else {
        storePart<4>(difference(loadPart<FrModulus>(a + at, count), loadPart<FrModulus>(b + at, count), loadPart<FrModulus>(c + at, count)), a + at, count);
      }
    }
  });
}

/** Of order 2 n; for n = 2^28 there is none, and the coset is that of 25, as in snarkjs' keys. */
Fr cosetShift(unsigned log) {
  if (log < ntt_detail::TWO_ADICITY) return ntt_detail::rootOfUnity(log + 1);
  Fr shift = Fr::zero();
  for (int i = 0; i < 25; i++) shift = add(shift, Fr::one());
  return shift;
}

}  // namespace

void evaluateConstraints(Context& context, const ZkeyView& zkey, const uint8_t* witness, uint8_t* a, uint8_t* b, uint8_t* product) {
  context.parallelFor((zkey.domain + ROWS - 1) / ROWS, [&](size_t task, int) {
    evaluateRows(zkey, witness, task * ROWS, std::min<size_t>(zkey.domain, (task + 1) * ROWS), a, b, product);
  });
}

std::unique_ptr<uint8_t[]> quotientScalars(Context& context, const ZkeyView& zkey, const uint8_t* witness) {
  const size_t n = zkey.domain, bytes = ELEMENT * n;
  // Not zeroed: written before they are read.
  std::unique_ptr<uint8_t[]> a(new uint8_t[bytes]);
  const std::unique_ptr<uint8_t[]> b(new uint8_t[bytes]), c(new uint8_t[bytes]), scratch(new uint8_t[bytes]);
  constexpr size_t STEPS = 8;
  size_t step = 0;
  const auto part = [&] { return PartContext(context, step++, 1, STEPS); };
  {
    PartContext evaluation = part();
    evaluateConstraints(evaluation, zkey, witness, a.get(), b.get(), c.get());
  }
  const Fr shift = cosetShift(zkey.log);
  const Transform interpolate(zkey.log, true, std::nullopt), evaluate(zkey.log, false, shift), evaluateCanonical(zkey.log, false, shift, FR_ONE_CANONICAL);
  for (uint8_t* values : {a.get(), b.get(), c.get()}) {
    PartContext first = part();
    interpolate.run(first, values, scratch.get());
    PartContext second = part();
    (values == b.get() ? evaluate : evaluateCanonical).run(second, values, scratch.get());
  }
  PartContext last = part();
  multiplySubtract(last, a.get(), b.get(), c.get(), n);
  return a;
}

}  // namespace groth16_detail
}  // namespace zkattr
