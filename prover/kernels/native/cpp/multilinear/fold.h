/** out[i] = lo[i] + r (hi[i] - lo[i]): one product an entry, Raw in and out. */
#pragma once
#include "entries.h"

namespace zkattr {

/** (hi - lo + p) r, below (1 + 2 / 84) p, plus lo: below 3p. */
inline FrRaw foldLanes(const FrRaw& lo, const FrRaw& hi, const FrMont& r) {
  FrSum sum = FrSum::zero();
  sum.add(r, sub<1>(hi, lo));
  sum.addWhole(lo);
  return sum.reduce();
}

/** out may be lo, hi may overlap lo from above: each vector is read before it is written, in ascending order. */
inline void fold(const uint8_t* lo, const uint8_t* hi, const FrMont& r, size_t n, uint8_t* out) {
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) store<4>(foldLanes(loadFr(lo + i * FR_BYTES), loadFr(hi + i * FR_BYTES), r), out + i * FR_BYTES);
  if (const size_t rest = n - i) storePart<4>(foldLanes(loadPart<FrModulus>(lo + i * FR_BYTES, rest), loadPart<FrModulus>(hi + i * FR_BYTES, rest), r), out + i * FR_BYTES, rest);
}

}  // namespace zkattr
