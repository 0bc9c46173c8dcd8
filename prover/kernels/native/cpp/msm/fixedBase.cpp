/**
 * Multiples of one point by many scalars:
 *   out_i = sum_w d_iw 2^(c w) B,  |d_iw| <= 2^(c-1)
 * A table holds every j 2^(c w) B, 0 < j <= 2^(c-1), so a scalar takes one addition a window, and the additions of all
 * scalars in one window share inversions.
 */
#include "../curve/projective.h"
#include "../memory/hugeBuffer.h"
#include "batchAdd.h"
#include "msm.h"
#include "window.h"

namespace zkattr {
namespace {

template <class G>
class Table {
  using Raw = typename G::template Vector<Form::Raw>;
  static constexpr size_t N = Raw::N;

 public:
  const unsigned c, windows;
  const size_t entries;

  Table(Context& context, const uint8_t* base, unsigned c) : c(c), windows(windowCount(c)), entries(size_t(1) << (c - 1)), points((size_t(windows) * entries) * G::POINT_BYTES) {
    std::vector<Point<G>> first(windows);
    first[0] = loadPoint<G>(base);
    for (unsigned w = 1; w < windows; w++) {
      first[w] = first[w - 1];
      for (unsigned i = 0; i < c; i++) first[w] = addPoints<G>(first[w], first[w]);
    }
    context.parallelFor(windows, [&](size_t w, int) { build(w, first[w]); });
  }
  uint8_t* at(size_t window, size_t entry) const { return points.get() + (window * entries + entry) * G::POINT_BYTES; }

 private:
  HugeBuffer<uint8_t> points;

  /** From the multiples 1 .. m of P come m + 1 .. 2 m, by adding m P. */
  void build(size_t w, const Point<G>& p) const {
    const size_t start = std::min(entries, N);
    Point<G> sum = p;
    for (size_t j = 0; j < start; j++, sum = addPoints<G>(sum, p)) storePoint<G>(sum, at(w, j));
    BatchAdder<G, Nothing> adder{Nothing{}};
    std::unique_ptr<Block<G>[]> blocks(new Block<G>[entries / N + 1]);
    for (size_t m = start; m < entries; m *= 2) {
      const uint8_t* top[N];
      for (size_t i = 0; i < N; i++) top[i] = at(w, m - 1);
      const Raw x = G::gatherAt(top, 0), y = G::gatherAt(top, G::COORDINATE_BYTES);
      for (size_t j = 0; j < m; j += N) {
        const uint8_t* from[N];
        for (size_t i = 0; i < N; i++) from[i] = at(w, j + i);
        adder.push(&blocks[j / N], G::gatherAt(from, 0), G::gatherAt(from, G::COORDINATE_BYTES), x, y);
      }
      adder.finish();
      for (size_t j = 0; j < m; j += N) {
        uint8_t* to[N];
        for (size_t i = 0; i < N; i++) to[i] = at(w, m + j + i);
        G::scatterAt(blocks[j / N].x, to, 0);
        G::scatterAt(blocks[j / N].y, to, G::COORDINATE_BYTES);
      }
    }
  }
};

template <class G>
void fixedBase(Context& context, const uint8_t* base, const uint8_t* scalars, size_t n, uint8_t* out) {
  using Raw = typename G::template Vector<Form::Raw>;
  constexpr size_t N = Raw::N;
  constexpr size_t BATCH = BatchAdder<G, Nothing>::BATCH * N;
  if (n == 0) return;
  // The table, 5 MiB at most, should stay near; each of its entries costs an addition too.
  unsigned c = 4;
  double least = 1e300;
  for (unsigned k = 4; k <= (G::POINT_BYTES == 64 ? 13 : 12); k++) {
    const double cost = windowCount(k) * (double(n) + double(size_t(1) << (k - 1)));
    if (cost < least) least = cost, c = k;
  }
  const Table<G> table(context, base, c);
  static const uint8_t infinity[G::POINT_BYTES] = {};
  const size_t batches = (n + BATCH - 1) / BATCH;
  size_t done = 0;
  context.parallelFor(batches, [&](size_t batch, int) {
    const size_t from = batch * BATCH, count = std::min(BATCH, n - from), vectors = (count + N - 1) / N;
    std::vector<int16_t> digits(size_t(table.windows) * count);
    signedDigits(scalars + 32 * from, ScalarForm::Canonical, count, 0, count, c, table.windows, digits.data());
    std::unique_ptr<Block<G>[]> sums(new Block<G>[vectors]);
    BatchAdder<G, Nothing> adder{Nothing{}};
    for (unsigned w = 0; w < table.windows; w++) {
      const int16_t* d = &digits[w * count];
      const auto entry = [&](size_t i) { return d[i] == 0 ? infinity : table.at(w, size_t(d[i] < 0 ? -d[i] : d[i]) - 1); };
      for (size_t v = 0; v < vectors; v++) {
        constexpr size_t AHEAD = 8 * N;
        const uint8_t* at[N];
        unsigned negate = 0;
        for (size_t i = 0; i < N; i++) {
          const size_t k = std::min(v * N + i, count - 1);
          at[i] = entry(k);
          negate |= unsigned(d[k] < 0) << i;
          if (v * N + i + AHEAD < count) {
            const uint8_t* next = entry(v * N + i + AHEAD);
            for (size_t line = 0; line < G::POINT_BYTES; line += 64) __builtin_prefetch(next + line);
          }
        }
        const Raw x = G::gatherAt(at, 0), y = negateIf((LaneMask)negate, G::gatherAt(at, G::COORDINATE_BYTES));
        if (w == 0) sums[v] = {x, settle(y)};
        else adder.push(&sums[v], sums[v].x, sums[v].y, x, y);
      }
      adder.finish();
    }
    for (size_t v = 0; v < vectors; v++) {
      alignas(64) uint8_t unused[G::POINT_BYTES];
      uint8_t* to[N];
      for (size_t i = 0; i < N; i++) to[i] = v * N + i < count ? out + (from + v * N + i) * G::POINT_BYTES : unused;
      G::scatterAt(sums[v].x, to, 0);
      G::scatterAt(sums[v].y, to, G::COORDINATE_BYTES);
    }
    context.progress(++done, batches);
  });
}

}  // namespace

void fixedBaseG1(Context& context, const uint8_t* base, const uint8_t* scalars, size_t n, uint8_t* out) {
  fixedBase<G1>(context, base, scalars, n, out);
}
void fixedBaseG2(Context& context, const uint8_t* base, const uint8_t* scalars, size_t n, uint8_t* out) {
  fixedBase<G2>(context, base, scalars, n, out);
}

}  // namespace zkattr
