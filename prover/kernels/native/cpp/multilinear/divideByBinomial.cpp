/** f = (X^blo - alpha) q + g: q_(k-1) = f_k + alpha q_k for blocks k from the top. Columns are independent: lanes and threads. */
#include "../parallel/ranges.h"
#include "entries.h"
#include "multilinear.h"
#include <vector>

namespace zkattr {
namespace {

/** Columns of a task at once: their latest coefficients stay in the first cache, and each vector's product overlaps the next one's. */
constexpr size_t COLUMNS = 8 * LANES;

/** alpha q + f: q < 3p gives below (1 + 3 / 84) p + p < 3p again. */
inline FrRaw step(const FrMont& alpha, const FrRaw& q, const FrRaw& f) {
  FrSum sum = FrSum::zero();
  sum.add(alpha, q);
  sum.addWhole(f);
  return sum.reduce();
}

}  // namespace

void divideByBinomial(Context& context, const uint8_t* f, size_t n, size_t blo, const uint8_t* alpha, uint8_t* quotient, uint8_t* remainder) {
  // One column has no lanes; this finds them along it.
  if (blo == 1) return divideByLinear(context, f, n, alpha, quotient, remainder);
  const size_t blocks = n / blo, block = blo * FR_BYTES;
  const FrMont factor = FrMont::broadcast(Fr::load(alpha));
  Ranges(context, blo, double(blocks) * (LANES == 8 ? 6 : 25), LANES).run(context, [&](size_t begin, size_t end, size_t) {
    for (size_t from = begin; from < end; from += COLUMNS) {
      const size_t columns = std::min(COLUMNS, end - from), whole = columns / LANES, rest = columns % LANES;
      std::memset(quotient + (blocks - 1) * block + from * FR_BYTES, 0, columns * FR_BYTES);
      FrRaw q[COLUMNS / LANES];
      for (FrRaw& x : q) x = FrRaw::zero();
      for (size_t k = blocks; k-- > 0;) {
        if (k % 1024 == 0) context.checkpoint();
        const uint8_t* in = f + k * block + from * FR_BYTES;
        uint8_t* out = k == 0 ? remainder + from * FR_BYTES : quotient + (k - 1) * block + from * FR_BYTES;
        for (size_t g = 0; g < whole; g++) {
          q[g] = step(factor, q[g], loadFr(in + g * LANES * FR_BYTES));
          store<4>(q[g], out + g * LANES * FR_BYTES);
        }
        if (rest) {
          q[whole] = step(factor, q[whole], loadPart<FrModulus>(in + whole * LANES * FR_BYTES, rest));
          storePart<4>(q[whole], out + whole * LANES * FR_BYTES, rest);
        }
      }
    }
  });
}

}  // namespace zkattr
