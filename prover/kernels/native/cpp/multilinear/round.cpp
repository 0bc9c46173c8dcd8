/**
 * g(X) = sum_x sum_terms sign prod_factors (lo[x] + X (hi[x] - lo[x])), from its values. Terms are summed by degree:
 *   3 factors   g(0), g(1), g(-1) and the leading coefficient ("at infinity"), for pivot q with q a sum of pair products:
 *               q at 0, 1, infinity, and q(-1) = 2 q(0) - q(1) + 2 q(infinity) without a product: it is quadratic
 *   2 factors   g(0), g(1), leading
 *   1 factor    value and slope
 * Multiply-adds for 8 entries: 3 (50 pairs + 55) + 4 x 50 a pivot, 3 x 50 a quadratic term; with tables that come from
 * memory the reads limit it (64 bytes a table and entry).
 * Products are Raw x Raw; the powers of two they lose are put back in the end.
 */
#include "../parallel/ranges.h"
#include "entries.h"
#include "multilinear.h"
#include "roundPlan.h"

namespace zkattr {
namespace {

enum Point { AT_0, AT_1, AT_INFINITY, AT_MINUS_1 };

/**
 * Sums over x at the points. A product is of q(-1) < 10p and a pivot at -1 < 3p at most: MOST of them stay below
 * (1 + 30 MOST / 84) p < 32 p, and then are reduced.
 */
class Sum {
 public:
  /** += sum_i a(i) b(i), i < n */
  template <class A, class B>
  void dot(size_t n, const A& a, const B& b) {
    reserve(n);
    FrSum s = sum_;
    for (size_t i = 0; i < n; i++) s.add(a(i), b(i));
    sum_ = s;
  }
  template <class A>
  void add(size_t n, const A& a) {
    // Whole values below 2p, not divided by 84 p as products are: 80 / 6 of them stay below 32 p.
    reserve(6 * n);
    for (size_t i = 0; i < n; i++) sum_.addWhole(a(i));
  }
  Fr total() {
    if (count_ == 0) return Fr::zero();
    reserve(MOST + 1);
    return sumLanes<1>(total_);
  }

 private:
  static constexpr size_t MOST = 80;
  void reserve(size_t n) {
    if (count_ + n > MOST) {
      total_ = canonical<2>(zkattr::add(total_, canonical<32>(sum_.reduce())));
      sum_ = FrSum::zero();
      count_ = 0;
    }
    count_ += n;
  }
  FrSum sum_ = FrSum::zero();
  FrRaw total_ = FrRaw::zero();
  size_t count_ = 0;
};

/** What a task sums up. */
struct Totals {
  Fr cubic[4], quadratic[3], linear[3];
};

/**
 * A task. Vectors go through in chunks, point by point with the sum in registers. Values are read from the tables again for
 * each point: a chunk of them is in the first cache, and to store what was loaded costs more than to load it again.
 */
class Round {
 public:
  Round(const uint8_t* const* tables, size_t half, const RoundPlan& plan) : tables_(tables), half_(half), plan_(plan), sources_(plan.used.size()) {}

  Totals run(Context& context, size_t from, size_t to) {
    size_t sinceCheck = 0;
    const size_t rest = (to - from) % LANES, whole = to - rest;
    while (from < whole) {
      const size_t n = std::min(whole - from, CHUNK * LANES);
      if (++sinceCheck % 256 == 0) context.checkpoint();
      for (size_t k = 0; k < sources_.size(); k++) {
        const uint8_t* lo = tables_[plan_.used[k]] + from * FR_BYTES;
        sources_[k] = {lo, lo + half_ * FR_BYTES};
      }
      multiply(n / LANES);
      from += n;
    }
    if (rest) {
      // Zeros beyond the end are zero in all products.
      std::vector<uint8_t> copies(sources_.size() * 2 * STEP);
      for (size_t k = 0; k < sources_.size(); k++) {
        const uint8_t* lo = tables_[plan_.used[k]] + whole * FR_BYTES;
        uint8_t* to0 = &copies[2 * k * STEP];
        std::memcpy(to0, lo, rest * FR_BYTES);
        std::memcpy(to0 + STEP, lo + half_ * FR_BYTES, rest * FR_BYTES);
        sources_[k] = {to0, to0 + STEP};
      }
      multiply(1);
    }
    Totals out;
    for (int k = 0; k < 4; k++) out.cubic[k] = cubic_[k].total();
    for (int k = 0; k < 3; k++) out.quadratic[k] = quadratic_[k].total(), out.linear[k] = linear_[k].total();
    return out;
  }

 private:
  /** Vectors of a chunk: with a dozen tables 48 KiB. */
  static constexpr size_t CHUNK = 8, STEP = LANES * FR_BYTES;

  /** Vector g of table k at a point: below p at 0 and 1, 2p at infinity, 3p at -1. */
  template <Point P>
  FrRaw value(unsigned k, size_t g) const {
    const Source& source = sources_[k];
    if constexpr (P == AT_0) return loadFr(source.lo + g * STEP);
    if constexpr (P == AT_1) return loadFr(source.hi + g * STEP);
    if constexpr (P == AT_INFINITY) return sub<1>(loadFr(source.hi + g * STEP), loadFr(source.lo + g * STEP));
    const FrRaw lo = loadFr(source.lo + g * STEP);
    return sub<1>(add(lo, lo), loadFr(source.hi + g * STEP));
  }
  /** The value, or 2p less it; not at -1. */
  template <Point P>
  FrRaw signedValue(unsigned k, size_t g, bool negative) const {
    const FrRaw x = value<P>(k, g);
    return negative ? sub<2>(FrRaw::zero(), x) : x;
  }

  void multiply(size_t count) {
    for (const RoundPlan::Cubic& cubic : plan_.cubics) {
      FrRaw q[4][CHUNK];
      cubicAt<AT_0>(cubic, count, q[AT_0]);
      cubicAt<AT_1>(cubic, count, q[AT_1]);
      cubicAt<AT_INFINITY>(cubic, count, q[AT_INFINITY]);
      const auto extrapolated = [&](size_t g) {
        const FrRaw even = add(q[AT_0][g], q[AT_INFINITY][g]);
        return sub<2>(add(even, even), q[AT_1][g]);
      };
      cubic_[AT_MINUS_1].dot(count, extrapolated, [&](size_t g) { return value<AT_MINUS_1>(cubic.pivot, g); });
    }
    for (const RoundPlan::Quadratic& term : plan_.quadratics) quadraticAt<AT_0>(term, count), quadraticAt<AT_1>(term, count), quadraticAt<AT_INFINITY>(term, count);
    for (const RoundPlan::Linear& term : plan_.linears) linearAt<AT_0>(term, count), linearAt<AT_INFINITY>(term, count);
  }
  /** q = sign sum of the pairs' products, below 2p, and its products with the pivot. */
  template <Point P>
  void cubicAt(const RoundPlan::Cubic& cubic, size_t count, FrRaw* q) {
    for (size_t g = 0; g < count; g++) {
      FrSum sum = FrSum::zero();
      for (const auto& [a, b] : cubic.pairs) sum.add(value<P>(a, g), value<P>(b, g));
      q[g] = sum.reduce();
    }
    if (cubic.negative)
      for (size_t g = 0; g < count; g++) q[g] = sub<2>(FrRaw::zero(), q[g]);
    cubic_[P].dot(count, [&](size_t g) { return q[g]; }, [&](size_t g) { return value<P>(cubic.pivot, g); });
  }
  template <Point P>
  void quadraticAt(const RoundPlan::Quadratic& term, size_t count) {
    quadratic_[P].dot(count, [&](size_t g) { return signedValue<P>(term.pair.first, g, term.negative); }, [&](size_t g) { return value<P>(term.pair.second, g); });
  }
  template <Point P>
  void linearAt(const RoundPlan::Linear& term, size_t count) {
    linear_[P].add(count, [&](size_t g) { return signedValue<P>(term.table, g, term.negative); });
  }

  struct Source {
    const uint8_t *lo, *hi;
  };
  const uint8_t* const* tables_;
  const size_t half_;
  const RoundPlan& plan_;
  std::vector<Source> sources_;
  Sum cubic_[4], quadratic_[3], linear_[3];
};

/** c_0 .. c_3 from the sums; what products of two and three Raw lost is put back. */
void interpolate(const Totals& t, Fr c[4]) {
  static constexpr Limbs4 ONCE = modulus_detail::powerOfTwo(256 + LOST_LOG, FrModulus::P), TWICE = modulus_detail::powerOfTwo(256 + 2 * LOST_LOG, FrModulus::P);
  // 1/2 = (p + 1) / 2, Montgomery: 2^255.
  static constexpr Limbs4 HALF = modulus_detail::powerOfTwo(255, FrModulus::P);
  Fr g[4], h[3];
  for (int k = 0; k < 4; k++) g[k] = mul(t.cubic[k], Fr::of(TWICE));
  for (int k = 0; k < 3; k++) h[k] = mul(t.quadratic[k], Fr::of(ONCE));
  // Cubic: c2 = (g(1) + g(-1)) / 2 - g(0);  c1 = (g(1) - g(-1)) / 2 - c3.   Quadratic: c1 = h(1) - h(0) - c2.
  c[0] = add(add(g[AT_0], h[AT_0]), t.linear[AT_0]);
  c[1] = sub(mul(sub(g[AT_1], g[AT_MINUS_1]), Fr::of(HALF)), g[AT_INFINITY]);
  c[1] = add(add(c[1], sub(sub(h[AT_1], h[AT_0]), h[AT_INFINITY])), t.linear[AT_INFINITY]);
  c[2] = add(sub(mul(add(g[AT_1], g[AT_MINUS_1]), Fr::of(HALF)), g[AT_0]), h[AT_INFINITY]);
  c[3] = g[AT_INFINITY];
}

}  // namespace

void roundPolynomial(Context& context, const uint8_t* const* tables, size_t count, size_t half, const RoundTerm* terms, size_t termCount, unsigned degree, uint8_t* out) {
  const RoundPlan plan(terms, termCount, count);
  double each = 3 * double(plan.used.size());
  for (const auto& cubic : plan.cubics) each += (LANES == 8 ? 5 : 30) * double(cubic.pairs.size()) + (LANES == 8 ? 12 : 40);
  each += (LANES == 8 ? 6 : 60) * double(plan.quadratics.size());
  const Ranges ranges(context, half, each, LANES);
  std::vector<Totals> parts(ranges.count());
  ranges.run(context, [&](size_t from, size_t to, size_t task) { parts[task] = Round(tables, half, plan).run(context, from, to); });
  Totals sum{};
  for (const Totals& part : parts) {
    for (int k = 0; k < 4; k++) sum.cubic[k] = add(sum.cubic[k], part.cubic[k]);
    for (int k = 0; k < 3; k++) sum.quadratic[k] = add(sum.quadratic[k], part.quadratic[k]), sum.linear[k] = add(sum.linear[k], part.linear[k]);
  }
  Fr c[4];
  interpolate(sum, c);
  for (unsigned k = 0; k <= degree; k++) c[k].store(out + k * FR_BYTES);
}

}  // namespace zkattr
