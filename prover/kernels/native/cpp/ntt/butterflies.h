/**
 * Transforms of 2^log rows of WIDTH vectors each, side by side, in cache: natural order in, bit-reversed order out.
 *   (u, v) <- (u + t v, u - t v)
 * Bounds: inputs below p. A product is below 2 p, so a level adds 2 p; the products by one that are left out (block 0 of
 * the first three levels) double instead, p to 8 p. After 14 levels values are below 30 p: nothing is reduced on the way.
 */
#pragma once
#include "twiddles.h"

namespace zkattr {
namespace ntt_detail {

using Vector = RawLanes<FrModulus>;
/** Vectors in a row: eight elements, 256 bytes of memory, whatever the lanes. */
inline constexpr size_t ROW = 8;
inline constexpr size_t WIDTH = ROW / Vector::N;
/** log of rows at most: the bound below, and 2^28 = 2^14 x 2^14. */
inline constexpr unsigned MAX_ROWS_LOG = 14;
/** Of every value that transformRows leaves. */
inline constexpr unsigned BOUND = 32;

/** Blocks below this run level by level, larger ones in two halves: 48 vectors of 320 bytes leave the 32 KiB of L1 some room. */
inline constexpr size_t CACHED_BYTES = 20480;

/** Plain limbs of a value whose limbs were left signed. */
inline Vector settled(const Vector& x) {
#if defined(ZKATTR_ISA_IFMA)
  Vector out = x;
  ifma::carry(out);
  return out;
#else
  return x;
#endif
}
/**
 * Vectors: u is added inside the product's columns, u - t v + 2 p = 2 (u + p) - (u + t v), and only what is about to be multiplied
 * is carried. A limb's size grows by less than 2^58 a level, so 14 levels stay within 63 bits.
 */
inline void butterflies(Vector* x, size_t half, const Twiddle& twiddle) {
  const auto t = twiddle.lanes();
  for (size_t j = 0; j < half; j++) {
    const Vector u = x[j], v = settled(x[j + half]);
#if defined(ZKATTR_ISA_IFMA)
    ifma::Columns columns = ifma::zeroColumns();
    for (int k = 0; k < 5; k++) columns.c[5 + k] = u.l[k];
    ifma::accumulate(columns, t, v);
    ifma::reduceColumns<FrModulus>(columns);
    for (int k = 0; k < 5; k++) {
      const __m512i shifted = _mm512_add_epi64(u.l[k], ifma::multiple<FrModulus, 1>(k));
      x[j].l[k] = columns.c[5 + k];
      x[j + half].l[k] = _mm512_sub_epi64(_mm512_add_epi64(shifted, shifted), columns.c[5 + k]);
    }
#else
    const Vector product = mul(t, v);
    x[j] = add(u, product);
    x[j + half] = sub<2>(u, product);
#endif
  }
}
/** t = 1; values below K p become values below 2 K p. */
template <unsigned K>
inline void sumsAndDifferences(Vector* x, size_t half) {
  for (size_t j = 0; j < half; j++) {
    const Vector u = x[j], v = x[j + half];
    x[j] = add(u, v);
    x[j + half] = sub<K>(u, v);
  }
}
/** One block of `vectors` vectors. */
inline void splitBlock(Vector* x, size_t vectors, const Twiddles& twiddles, unsigned level, size_t block) {
  const size_t half = vectors / 2;
  if (block == 0 && twiddles.startsWithOne()) {
    if (level == 0) return sumsAndDifferences<1>(x, half);
    if (level == 1) return sumsAndDifferences<2>(x, half);
    if (level == 2) return sumsAndDifferences<4>(x, half);
  }
  butterflies(x, half, twiddles.level(level)[block]);
}
/** All levels from `level` on of one block. */
inline void transformBlock(Vector* x, size_t vectors, const Twiddles& twiddles, unsigned level, size_t block) {
  if (vectors * sizeof(Vector) > CACHED_BYTES && vectors > 2 * WIDTH) {
    splitBlock(x, vectors, twiddles, level, block);
    transformBlock(x, vectors / 2, twiddles, level + 1, 2 * block);
    transformBlock(x + vectors / 2, vectors / 2, twiddles, level + 1, 2 * block + 1);
    return;
  }
  for (size_t blocks = 1; vectors > WIDTH; vectors /= 2, level++, block *= 2, blocks *= 2)
    for (size_t i = 0; i < blocks; i++) splitBlock(x + i * vectors, vectors, twiddles, level, block + i);
}

/** @param x 2^log x WIDTH vectors below p; results below BOUND p and to be settled(), row position(k) the values at w^k */
inline void transformRows(Vector* x, const Twiddles& twiddles) { transformBlock(x, WIDTH << twiddles.log(), twiddles, 0, 0); }

}  // namespace ntt_detail
}  // namespace zkattr
