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
  void dot(const FrRaw* a, const FrRaw* b, size_t n) {
    reserve(n);
    FrSum s = sum_;
    for (size_t i = 0; i < n; i++) s.add(asMont(a[i]), b[i]);
    sum_ = s;
  }
  void add(const FrRaw* a, size_t n) {
    // Whole values below 2p, not divided by 84 p as products are: 80 / 6 of them stay below 32 p.
    reserve(6 * n);
    for (size_t i = 0; i < n; i++) sum_.addWhole(a[i]);
  }
  Fr total() {
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

class Round {
 public:
  Round(const uint8_t* const* tables, size_t half, const RoundPlan& plan) : tables_(tables), half_(half), plan_(plan) {
    // Three points of all tables in the first cache, if a few vectors of each fit.
    const size_t vector = 3 * sizeof(FrRaw) * std::max<size_t>(1, plan.used.size());
    vectors_ = std::min(MOST_VECTORS, std::max<size_t>(4, (size_t(24) << 10) / vector));
    values_.resize(plan.used.size() * 3 * vectors_);
  }

  Totals run(Context& context, size_t from, size_t to) {
    size_t sinceCheck = 0;
    while (from < to) {
      const size_t n = std::min(to - from, vectors_ * LANES);
      if (++sinceCheck % 256 == 0) context.checkpoint();
      loadValues(from, n);
      multiply((n + LANES - 1) / LANES);
      from += n;
    }
    Totals out;
    for (int k = 0; k < 4; k++) out.cubic[k] = cubic_[k].total();
    for (int k = 0; k < 3; k++) out.quadratic[k] = quadratic_[k].total(), out.linear[k] = linear_[k].total();
    return out;
  }

 private:
  static constexpr size_t MOST_VECTORS = 8;
  FrRaw* at(Point point, unsigned table) { return &values_[(table * 3 + point) * vectors_]; }

  /** lo < p, hi < p, slope < 2p; zeros beyond the end. */
  void loadValues(size_t from, size_t n) {
    for (unsigned k = 0; k < plan_.used.size(); k++) {
      const uint8_t *lo = tables_[plan_.used[k]] + from * FR_BYTES, *hi = lo + half_ * FR_BYTES;
      FrRaw *zero = at(AT_0, k), *one = at(AT_1, k), *slope = at(AT_INFINITY, k);
      for (size_t i = 0, g = 0; i < n; i += LANES, g++) {
        const bool whole = n - i >= LANES;
        zero[g] = whole ? loadFr(lo + i * FR_BYTES) : loadPart<FrModulus>(lo + i * FR_BYTES, n - i);
        one[g] = whole ? loadFr(hi + i * FR_BYTES) : loadPart<FrModulus>(hi + i * FR_BYTES, n - i);
        slope[g] = sub<1>(one[g], zero[g]);
      }
    }
  }

  void multiply(size_t count) {
    for (const RoundPlan::Cubic& cubic : plan_.cubics) {
      FrRaw q[4][MOST_VECTORS], pivot[MOST_VECTORS];
      for (const Point point : {AT_0, AT_1, AT_INFINITY}) {
        for (size_t g = 0; g < count; g++) {
          FrSum sum = FrSum::zero();
          for (const auto& [a, b] : cubic.pairs) sum.add(asMont(at(point, a)[g]), at(point, b)[g]);
          q[point][g] = sum.reduce();
          if (cubic.negative) q[point][g] = sub<2>(FrRaw::zero(), q[point][g]);
        }
        cubic_[point].dot(q[point], at(point, cubic.pivot), count);
      }
      for (size_t g = 0; g < count; g++) {
        const FrRaw even = add(q[AT_0][g], q[AT_INFINITY][g]);
        q[AT_MINUS_1][g] = sub<2>(add(even, even), q[AT_1][g]);
        pivot[g] = sub<2>(at(AT_0, cubic.pivot)[g], at(AT_INFINITY, cubic.pivot)[g]);
      }
      cubic_[AT_MINUS_1].dot(q[AT_MINUS_1], pivot, count);
    }
    for (const RoundPlan::Quadratic& term : plan_.quadratics)
      for (const Point point : {AT_0, AT_1, AT_INFINITY}) quadratic_[point].dot(signedValues(point, term.pair.first, term.negative, count), at(point, term.pair.second), count);
    for (const RoundPlan::Linear& term : plan_.linears)
      for (const Point point : {AT_0, AT_INFINITY}) linear_[point].add(signedValues(point, term.table, term.negative, count), count);
  }

  /** The values, or 2p less them. */
  const FrRaw* signedValues(Point point, unsigned table, bool negative, size_t count) {
    if (!negative) return at(point, table);
    for (size_t g = 0; g < count; g++) negated_[g] = sub<2>(FrRaw::zero(), at(point, table)[g]);
    return negated_;
  }

  const uint8_t* const* tables_;
  const size_t half_;
  const RoundPlan& plan_;
  size_t vectors_;
  std::vector<FrRaw> values_;
  FrRaw negated_[MOST_VECTORS];
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
