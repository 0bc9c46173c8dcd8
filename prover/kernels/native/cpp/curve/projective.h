/**
 * Homogeneous projective points (X : Y : Z), x = X / Z, y = Y / Z, infinity (0 : 1 : 0), and the complete addition of
 * curves with a = 0: one formula for every pair of points, equal, opposite or infinite, so lanes need no branches.
 * 12 products and two by b3 = 3 b; 11 and two where Z2 = 1.
 * Bounds (lanes): coordinates in and out below 4 p; every product below 2 p, of sums (X1 + Y1)(X2 + Y2) below 3 p.
 * Source: Renes, Costello, Batina, Complete addition formulas for prime order elliptic curves (2016), algorithms 7 and 8.
 */
#pragma once
#include "group.h"

namespace zkattr {

template <class E>
struct Projective {
  E x, y, z;
  static Projective infinity() { return {E::zero(), E::one(), E::zero()}; }
};

namespace projective_detail {
/** What both additions share. t0 = X1 X2, t1 = Y1 Y2, t2 = b3 Z1 Z2 (< 2 p); t3 = X1 Y2 + X2 Y1, t4 = Y1 Z2 + Y2 Z1, t5 = X1 Z2 + X2 Z1 (< 7 p). */
template <class E>
inline Projective<E> finish(const E& x1x2, const E& t1, const E& t2, const E& t3, const E& t4, const E& t5, const E& b3) {
  const E t0 = triple(x1x2);                        // < 6 p
  const E z3 = plus(t1, t2), d = minus<2>(t1, t2);  // < 4 p
  const E y3 = times<8>(b3, t5);
  return {
      minus<2>(times<4>(t3, d), times<2>(t4, y3)),
      plus(times<6>(y3, t0), times<4>(d, z3)),
      plus(times<8>(z3, t4), times<6>(t3, t0)),
  };
}
}  // namespace projective_detail

/** P + Q. */
template <class E>
inline Projective<E> add(const Projective<E>& p, const Projective<E>& q, const E& b3) {
  const E t0 = times<4>(p.x, q.x), t1 = times<4>(p.y, q.y), t2 = times<4>(p.z, q.z);
  const E t3 = minus2<4>(times<8>(plus(p.x, p.y), plus(q.x, q.y)), t0, t1);
  const E t4 = minus2<4>(times<8>(plus(p.y, p.z), plus(q.y, q.z)), t1, t2);
  const E t5 = minus2<4>(times<8>(plus(p.x, p.z), plus(q.x, q.z)), t0, t2);
  return projective_detail::finish(t0, t1, times<2>(b3, t2), t3, t4, t5, b3);
}

/** P + Q, Q = (x, y) affine and not infinity, coordinates below p; 16 p where they are of Fq: then t3 < 9 p, and all else as before. */
template <class E>
inline Projective<E> addAffine(const Projective<E>& p, const E& x, const E& y, const E& b3) {
  const E t0 = times<1>(p.x, x), t1 = times<1>(p.y, y);
  const E t3 = minus2<4>(times<2>(plus(p.x, p.y), plus(x, y)), t0, t1);
  const E t4 = plus(times<1>(p.z, y), p.y), t5 = plus(times<1>(p.z, x), p.x);
  return projective_detail::finish(t0, t1, times<4>(b3, p.z), t3, t4, t5, b3);
}

/** One point of group G, on single elements. */
template <class G>
using Point = Projective<typename G::Element>;

template <class G>
inline Point<G> addPoints(const Point<G>& p, const Point<G>& q) {
  static const auto b3 = G::b3();
  return add(p, q, b3);
}
template <class G>
inline Point<G> loadPoint(const uint8_t* bytes) {
  using E = typename G::Element;
  const E x = E::load(bytes), y = E::load(bytes + G::COORDINATE_BYTES);
  return x.isZero() && y.isZero() ? Point<G>::infinity() : Point<G>{x, y, E::one()};
}
/** Affine, all zeros for infinity. */
template <class G>
inline void storePoint(const Point<G>& p, uint8_t* bytes) {
  using E = typename G::Element;
  const E inverted = inverse(p.z);  // 0 for 0
  mul(p.x, inverted).store(bytes);
  mul(p.y, inverted).store(bytes + G::COORDINATE_BYTES);
}
template <class G>
inline Point<G> negatePoint(const Point<G>& p) {
  return {p.x, neg(p.y), p.z};
}
/** k P for a canonical scalar of 32 bytes; double and add: for a handful of points. Not constant-time. */
template <class G>
inline Point<G> multiplyPoint(const Point<G>& p, const uint64_t k[4]) {
  Point<G> sum = Point<G>::infinity();
  int bit = 255;
  while (bit >= 0 && !((k[bit >> 6] >> (bit & 63)) & 1)) bit--;
  for (; bit >= 0; bit--) {
    sum = addPoints<G>(sum, sum);
    if ((k[bit >> 6] >> (bit & 63)) & 1) sum = addPoints<G>(sum, p);
  }
  return sum;
}

}  // namespace zkattr
