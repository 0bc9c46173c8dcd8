/** out[i] = lo[i] + r (hi[i] - lo[i]): one product an entry, Raw in and out. */
#pragma once
#include "../field/pipeline.h"
#include "entries.h"

namespace zkattr {

struct FoldPair {
  FrRaw lo, hi;
};
/** r (hi - lo + p), below (1 + 2 / 84) p, plus lo: below 3p. */
inline FrSum foldPair(const FoldPair& pair, const FrMont& r) {
  FrSum sum = FrSum::zero();
  sum.add(r, sub<1>(pair.hi, pair.lo));
  sum.addWhole(pair.lo);
  return sum;
}

/** out may be lo, and hi may overlap lo from above: a vector is read before what lies below it is written. */
inline void fold(const uint8_t* lo, const uint8_t* hi, const FrMont& r, size_t n, uint8_t* out) {
  constexpr size_t STEP = LANES * FR_BYTES;
  const auto load = [=](size_t i) { return FoldPair{loadFr(lo + i * STEP), loadFr(hi + i * STEP)}; };
  const auto start = [&](const FoldPair& pair) { return foldPair(pair, r); };
  pipeline<FrModulus, 4>(n / LANES, out, load, start);
  if (const size_t rest = n % LANES) {
    const size_t at = (n - rest) * FR_BYTES;
    storePart<4>(foldPair({loadPart<FrModulus>(lo + at, rest), loadPart<FrModulus>(hi + at, rest)}, r).reduce(), out + at, rest);
  }
}

}  // namespace zkattr
