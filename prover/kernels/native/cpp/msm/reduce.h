/**
 * The weighted sum of buckets by running sums, every lane on a stretch of its own:
 *   sum_(k < K) (k + 1) B_k  and  sum_k B_k.
 * From the top of a stretch down: run += B_k, weighted += run; a stretch that starts at s adds s times its sum.
 * Limit: 23 products a bucket (11 + 12, with those by b3), no inversion, no exceptions.
 */
#pragma once
#include "../curve/projective.h"

namespace zkattr {

template <class G>
struct WeightedSum {
  Point<G> weighted, plain;
};

template <class G>
inline WeightedSum<G> reduceBuckets(const uint8_t* buckets, size_t count) {
  using Raw = typename G::template Vector<Form::Raw>;
  using Mont = typename G::template Vector<Form::Mont>;
  using E = typename G::Element;
  constexpr size_t N = Raw::N;
  static const Mont b3 = Mont::broadcast(G::b3());
  static const uint8_t none[G::POINT_BYTES] = {};
  const size_t stretch = (count + N - 1) / N;
  Projective<Mont> run = Projective<Mont>::infinity(), weighted = run;
  for (size_t k = stretch; k-- > 0;) {
    const uint8_t* from[N];
    for (size_t i = 0; i < N; i++) from[i] = i * stretch + k < count ? buckets + (i * stretch + k) * G::POINT_BYTES : none;
    const Raw x = G::gatherAt(from, 0), y = G::gatherAt(from, G::COORDINATE_BYTES);
    const LaneMask empty = isZero(x) & isZero(y);
    const Projective<Mont> sum = addAffine(run, G::operand(x), G::operand(y), b3);
    run = {select(empty, sum.x, run.x), select(empty, sum.y, run.y), select(empty, sum.z, run.z)};
    weighted = add(weighted, run, b3);
  }
  // Lanes to points: sum_i (weighted_i + i stretch run_i).
  Point<G> runs[N], sums[N];
  const auto unpack = [](const Projective<Mont>& v, Point<G>* to, E Point<G>::*member, const Mont& coordinate) {
    (void)v;
    E lanes[N];
    uint8_t* at[N];
    for (size_t i = 0; i < N; i++) at[i] = reinterpret_cast<uint8_t*>(&lanes[i]);
    G::scatterAt(canonical<2>(toRaw(coordinate)), at, 0);
    for (size_t i = 0; i < N; i++) to[i].*member = lanes[i];
  };
  unpack(run, runs, &Point<G>::x, run.x), unpack(run, runs, &Point<G>::y, run.y), unpack(run, runs, &Point<G>::z, run.z);
  unpack(weighted, sums, &Point<G>::x, weighted.x), unpack(weighted, sums, &Point<G>::y, weighted.y), unpack(weighted, sums, &Point<G>::z, weighted.z);
  WeightedSum<G> out{sums[0], runs[0]};
  Point<G> above = Point<G>::infinity(), offset = above;  // offset = sum_i i run_i
  for (size_t i = N; i-- > 1;) {
    out.weighted = addPoints<G>(out.weighted, sums[i]);
    above = addPoints<G>(above, runs[i]);
    offset = addPoints<G>(offset, above);
  }
  out.plain = addPoints<G>(out.plain, above);
  const uint64_t factor[4] = {stretch, 0, 0, 0};
  out.weighted = addPoints<G>(out.weighted, multiplyPoint<G>(offset, factor));
  return out;
}

}  // namespace zkattr
