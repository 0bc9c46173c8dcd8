/** Mercury's S; the equation in prover/kernels/types.ts, the method in prover/kernels/reference/division.ts. */
#include "fold.h"
#include "multilinear.h"
#include <vector>

namespace zkattr {
namespace {

/**
 * a(X) prod_k (1 - u_k + u_k X^(-2^k)), X^j at index j + b - 1: each factor folds the vector with itself, 2^k further up.
 * After factor k the lowest power is -(2^(k+1) - 1): below are zeros still, and above a's own length always.
 */
std::vector<uint8_t> timesInverseP(Context& context, const uint8_t* a, size_t count, const uint8_t* u, unsigned variables, size_t b) {
  std::vector<uint8_t> laurent(3 * b * FR_BYTES);
  if (count) std::memcpy(&laurent[(b - 1) * FR_BYTES], a, count * FR_BYTES);
  for (unsigned k = 0; k < variables; k++) {
    context.checkpoint();
    const size_t shift = size_t(1) << k, from = b - 1 - (2 * shift - 1), n = b - 1 + count - from;
    uint8_t* lo = &laurent[from * FR_BYTES];
    fold(lo, lo + shift * FR_BYTES, FrMont::broadcast(Fr::load(u + k * FR_BYTES)), n, lo);
  }
  return laurent;
}

}  // namespace

void mercuryS(Context& context, const uint8_t* g, size_t gCount, const uint8_t* h, size_t hCount, const uint8_t* uLow, unsigned low, const uint8_t* uHigh, unsigned high, const uint8_t* gamma, uint8_t* out) {
  const size_t b = gCount;
  if (b == 0) return;
  std::vector<uint8_t> laurents[2];
  const auto compute = [&](size_t which, int) {
    laurents[which] = which == 0 ? timesInverseP(context, g, gCount, uLow, low, b) : timesInverseP(context, h, hCount, uHigh, high, b);
  };
  if (b < 256) compute(0, 0), compute(1, 0);
  else context.parallelFor(2, compute);

  // S_(i-1) = A_i + A_(-i) + gamma (B_i + B_(-i))
  const FrMont factor = FrMont::broadcast(Fr::load(gamma));
  const uint8_t *A = &laurents[0][(b - 1) * FR_BYTES], *B = &laurents[1][(b - 1) * FR_BYTES];
  for (size_t i = 1; i < b; i += LANES) {
    const size_t count = std::min(LANES, b - i);
    const uint8_t* from[4][LANES];
    for (size_t lane = 0; lane < LANES; lane++) {
      // Lanes beyond the end repeat the last entry.
      const size_t at = (i + std::min(lane, count - 1)) * FR_BYTES;
      from[0][lane] = A + at, from[1][lane] = A - at, from[2][lane] = B + at, from[3][lane] = B - at;
    }
    // gamma (2p) < (1 + 2 / 84) p, plus 2p.
    FrSum sum = FrSum::zero();
    sum.add(factor, add(gather<FrModulus>(from[2]), gather<FrModulus>(from[3])));
    sum.addWhole(add(gather<FrModulus>(from[0]), gather<FrModulus>(from[1])));
    storePart<4>(sum.reduce(), out + (i - 1) * FR_BYTES, count);
  }
  Fr::zero().store(out + (b - 1) * FR_BYTES);
  context.progress(1, 1);
}

}  // namespace zkattr
