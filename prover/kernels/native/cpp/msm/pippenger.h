/**
 * Pippenger's method: for each window of c bits sum the points by digit, weigh the sums, then combine the windows,
 *   sum_i k_i P_i = sum_w 2^(c w) sum_d d (sum of points with digit d in window w).
 * GLV is not used: it halves the windows and doubles the points, so the additions stay the same, and only the reduction,
 * some 5% here, would shrink.
 */
#pragma once
#include <mutex>
#include "bucketSums.h"
#include "reduceAffine.h"
#include "window.h"

namespace zkattr {

/** Buckets [from, to) of one window of a group, about equal in entries. */
struct Stretch {
  size_t window, from, to;
};

/** Cuts the buckets of one window into at most `parts` stretches of similar numbers of entries. */
inline void cut(size_t window, const uint32_t* starts, size_t buckets, size_t parts, std::vector<Stretch>& out) {
  size_t from = 0;
  for (size_t p = 0; p < parts && from < buckets; p++) {
    const uint64_t target = starts[0] + uint64_t(starts[buckets] - starts[0]) * (p + 1) / parts;
    size_t to = p + 1 == parts ? buckets : (size_t)(std::lower_bound(starts + from + 1, starts + buckets, target) - starts);
    out.push_back({window, from, to});
    from = to;
  }
}

/**
 * @param digits   windows x n, freed by the caller
 * @param windows  each of c bits
 */
template <class G>
inline Point<G> pippenger(Context& context, const uint8_t* points, const int16_t* digits, size_t n, unsigned c, unsigned windows) {
  const size_t buckets = size_t(1) << (c - 1);
  const size_t threads = context.threads();
  // Windows at a time: enough to keep the threads busy and to find eight buckets of every size, few enough for memory,
  // most of which their sorted entries take.
  constexpr size_t ENTRIES = size_t(1) << 18;
  const size_t group = std::min<size_t>(windows, std::max<size_t>(threads, (ENTRIES * threads + n - 1) / n));
  const size_t parts = threads == 1 ? 1 : std::max<size_t>(1, 4 * threads / group);
  std::vector<uint32_t> entries(group * n), starts(group * (buckets + 2));
  std::vector<uint8_t> sums(group * buckets * G::POINT_BYTES);
  std::vector<BucketSums<G>> workers(threads);
  std::vector<Point<G>> results(windows, Point<G>::infinity());
  std::mutex adding;
  size_t done = 0;
  for (size_t first = 0; first < windows; first += group) {
    const size_t count = std::min<size_t>(group, windows - first);
    context.parallelFor(count, [&](size_t w, int) {
      sortByBucket(digits + (first + w) * n, n, buckets, 0, &entries[w * n], &starts[w * (buckets + 2)]);
    });
    std::vector<Stretch> stretches;
    for (size_t w = 0; w < count; w++) cut(w, &starts[w * (buckets + 2)], buckets, parts, stretches);
    // Each task takes several stretches, so that small windows are summed together.
    const size_t tasks = std::min(stretches.size(), threads == 1 ? 1 : 4 * threads), each = (stretches.size() + tasks - 1) / tasks;
    context.parallelFor((stretches.size() + each - 1) / each, [&](size_t task, int thread) {
      const size_t from = task * each, to = std::min(stretches.size(), from + each);
      std::vector<Bucket> list;
      for (size_t k = from; k < to; k++) {
        const Stretch& s = stretches[k];
        const uint32_t* at = &starts[s.window * (buckets + 2)];
        for (size_t b = s.from; b < s.to; b++) list.push_back({&entries[s.window * n + at[b]], at[b + 1] - at[b], &sums[(s.window * buckets + b) * G::POINT_BYTES]});
      }
      workers[thread].run(context, points, list);
      std::vector<Run> runs;
      std::vector<size_t> owners;
      const auto finish = [&](const Stretch& s, const WeightedSum<G>& local) {
        const uint64_t offset[4] = {s.from, 0, 0, 0};
        const Point<G> sum = s.from == 0 ? local.weighted : addPoints<G>(local.weighted, multiplyPoint<G>(local.plain, offset));
        const std::lock_guard<std::mutex> lock(adding);
        results[first + s.window] = addPoints<G>(results[first + s.window], sum);
        context.progress(++done, windows * parts);
      };
      for (size_t k = from; k < to; k++) {
        const Stretch& s = stretches[k];
        const uint32_t* at = &starts[s.window * (buckets + 2)];
        // The top window's digits are small, and few points leave buckets empty: those go the way without exceptions.
        size_t end = s.to, filled = 0;
        while (end > s.from && at[end] == at[end - 1]) end--;
        for (size_t b = s.from; b < end; b++) filled += at[b + 1] != at[b];
        const Run run{&sums[(s.window * buckets + s.from) * G::POINT_BYTES], end - s.from};
        if (run.count >= 512 && filled + run.count / 64 >= run.count) runs.push_back(run), owners.push_back(k);
        else finish(s, reduceBuckets<G>(run.buckets, run.count));
      }
      const std::vector<WeightedSum<G>> locals = reduceRuns<G>(runs);
      for (size_t i = 0; i < owners.size(); i++) finish(stretches[owners[i]], locals[i]);
    });
  }
  Point<G> total = results[windows - 1];
  for (unsigned w = windows - 1; w-- > 0;) {
    for (unsigned i = 0; i < c; i++) total = addPoints<G>(total, total);
    total = addPoints<G>(total, results[w]);
  }
  return total;
}

}  // namespace zkattr
