/**
 * The weighted sums of many runs of buckets at once, by affine additions that share inversions:
 *   sum_(k < K) (k + 1) B_k  and  sum_k B_k   for every run of K buckets.
 * A run is cut into stretches, one a lane; from the top of a stretch down, run += B_k and weighted += run, the second a step
 * behind, so both are of one batch. The sums of the stretches (few) go through reduceBuckets.
 * Limit: two affine additions a bucket, half the time of projective ones; empty buckets are slow here (see Special).
 */
#pragma once
#include "batchAdd.h"
#include "reduce.h"

namespace zkattr {

struct Run {
  const uint8_t* buckets;
  size_t count;
};

template <class G>
inline std::vector<WeightedSum<G>> reduceRuns(const std::vector<Run>& runs) {
  using Raw = typename G::template Vector<Form::Raw>;
  constexpr size_t N = Raw::N;
  /** Vectors in all that make an inversion cheap; shortest stretch that is worth cutting. */
  constexpr size_t VECTORS = 64, SHORTEST = 16;
  static const uint8_t none[G::POINT_BYTES] = {};
  std::vector<WeightedSum<G>> out(runs.size());

  struct Lot {
    size_t run, from, stretch;
  };
  std::vector<Lot> lots;  // a vector each: stretches from, from + stretch, ... of a run
  size_t longest = 0;
  for (size_t r = 0; r < runs.size(); r++) {
    const size_t vectors = std::max<size_t>(1, std::min(runs[r].count / (N * SHORTEST), (VECTORS + runs.size() - 1) / runs.size()));
    const size_t stretch = (runs[r].count + N * vectors - 1) / (N * vectors);
    for (size_t v = 0; v < vectors; v++) lots.push_back({r, v * N * stretch, stretch});
    longest = std::max(longest, stretch);
  }
  std::unique_ptr<Block<G>[]> plain(new Block<G>[lots.size()]), weighted(new Block<G>[lots.size()]);
  BatchAdder<G, Nothing> adder{Nothing{}};
  // Step t takes bucket (stretch - 1 - t) of every stretch; one more step for the last addition to `weighted`.
  for (size_t t = 0; t <= longest; t++) {
    for (size_t v = 0; v < lots.size(); v++) {
      const Lot& lot = lots[v];
      if (t > lot.stretch) continue;
      Block<G>&p = plain[v], &w = weighted[v];
      if (t == 1) w = p;
      if (t > 1) adder.push(&w, w.x, w.y, p.x, p.y);
      if (t == lot.stretch) continue;
      const uint8_t* at[N];
      for (size_t i = 0; i < N; i++) {
        const size_t k = lot.from + i * lot.stretch + (lot.stretch - 1 - t);
        at[i] = k < runs[lot.run].count ? runs[lot.run].buckets + k * G::POINT_BYTES : none;
      }
      const Raw x = G::gatherAt(at, 0), y = G::gatherAt(at, G::COORDINATE_BYTES);
      if (t == 0) p = {x, y};
      else adder.push(&p, p.x, p.y, x, y);
    }
    adder.finish();
  }
  // sum_s weighted_s + stretch sum_s s plain_s, over the stretches s of a run.
  std::vector<uint8_t> sums, offsets;
  for (size_t r = 0, v = 0; r < runs.size(); r++) {
    const size_t first = v;
    while (v < lots.size() && lots[v].run == r) v++;
    const size_t stretches = (v - first) * N;
    sums.resize(stretches * G::POINT_BYTES), offsets.resize(stretches * G::POINT_BYTES);
    for (size_t k = 0; k < stretches; k += N) {
      uint8_t *toSum[N], *toOffset[N];
      for (size_t i = 0; i < N; i++) toSum[i] = &sums[(k + i) * G::POINT_BYTES], toOffset[i] = &offsets[(k + i) * G::POINT_BYTES];
      const Block<G>&w = weighted[first + k / N], &p = plain[first + k / N];
      G::scatterAt(w.x, toSum, 0), G::scatterAt(w.y, toSum, G::COORDINATE_BYTES);
      G::scatterAt(p.x, toOffset, 0), G::scatterAt(p.y, toOffset, G::COORDINATE_BYTES);
    }
    const WeightedSum<G> all = reduceBuckets<G>(offsets.data() + G::POINT_BYTES, stretches - 1);  // stretch 0 has weight 0
    const uint64_t factor[4] = {lots[first].stretch, 0, 0, 0};
    out[r].weighted = addPoints<G>(reduceBuckets<G>(sums.data(), stretches).plain, multiplyPoint<G>(all.weighted, factor));
    out[r].plain = addPoints<G>(all.plain, loadPoint<G>(offsets.data()));
  }
  return out;
}

}  // namespace zkattr
