/**
 * The multilinear kernels equal their equations, entry by entry: every kind of table, lengths around the lanes, tiles, runs and
 * tasks, extreme values, unaligned buffers, one thread and several.
 */
#include "../multilinear/multilinear.h"
#include <algorithm>
#include <vector>
#include "check.h"
#include "teamContext.h"

using namespace zkattr;
using Values = std::vector<Fr>;

/** Elements at an odd address, with a guard behind them. */
class Buffer {
 public:
  explicit Buffer(size_t n) : n_(n), bytes_(32 * n + 1 + GUARD, 0xa5) {}
  explicit Buffer(const Values& values) : Buffer(values.size()) {
    for (size_t i = 0; i < n_; i++) values[i].store(data() + 32 * i);
  }
  uint8_t* data() { return bytes_.data() + 1; }
  Values values() {
    Values out;
    for (size_t i = 0; i < n_; i++) out.push_back(Fr::load(data() + 32 * i));
    return out;
  }
  bool intact() const {
    return bytes_[0] == 0xa5 && std::all_of(bytes_.end() - GUARD, bytes_.end(), [](uint8_t b) { return b == 0xa5; });
  }

 private:
  static constexpr size_t GUARD = 16;
  size_t n_;
  std::vector<uint8_t> bytes_;
};

static Random generator(23);
static TeamContext one(1), three(3);
static TeamContext* const contexts[] = {&one, &three};
static const Fr MINUS_ONE = neg(Fr::one());
/** The largest integer in memory. */
static const Fr LARGEST = Fr::of(modulus_detail::subtract(FrModulus::P, {1, 0, 0, 0}));

static Values randomValues(size_t n, bool extreme = false) {
  Values out(n);
  for (Fr& x : out) x = extreme ? LARGEST : generator.edgy<FrModulus>();
  return out;
}
static Fr integer(int64_t x) {
  const Fr magnitude = toMontgomery(Fr{{uint64_t(x < 0 ? -x : x), 0, 0, 0}});
  return x < 0 ? neg(magnitude) : magnitude;
}

/** A table of any kind beside its entries as elements; its memory ends where it ends. */
struct AnyTable {
  TableKind kind;
  Values values;
  Buffer elements{0};
  std::vector<uint8_t> bits;
  std::vector<int8_t> bytes;
  std::vector<int16_t> words;

  AnyTable(TableKind k, size_t n, bool extreme = false) : kind(k) {
    if (kind == TableKind::Fr) values = randomValues(n, extreme), elements = Buffer(values);
    for (size_t i = 0; i < n; i++) {
      const uint64_t edge = extreme ? 0 : generator.below(6);
      if (kind == TableKind::Bit) bits.push_back(edge == 0 ? 1 : uint8_t(generator.below(2))), values.push_back(integer(bits[i]));
      if (kind == TableKind::Int8) bytes.push_back(edge == 0 ? -128 : edge == 1 ? 127 : int8_t(generator.below(256))), values.push_back(integer(bytes[i]));
      if (kind == TableKind::Int16) words.push_back(edge == 0 ? -32768 : edge == 1 ? 32767 : int16_t(generator.below(65536))), values.push_back(integer(words[i]));
    }
    bits.shrink_to_fit(), bytes.shrink_to_fit(), words.shrink_to_fit();
  }
  TableView view() {
    const void* data = kind == TableKind::Bit ? (const void*)bits.data() : kind == TableKind::Int8 ? (const void*)bytes.data() : kind == TableKind::Int16 ? (const void*)words.data() : elements.data();
    return {kind, data, values.size()};
  }
};
static constexpr TableKind KINDS[] = {TableKind::Bit, TableKind::Int8, TableKind::Int16, TableKind::Fr};

static void same(const char* what, Buffer& out, const Values& expected, size_t a = 0, size_t b = 0, size_t c = 0) {
  const Values got = out.values();
  CHECK(out.intact(), "%s %zu %zu %zu: wrote outside", what, a, b, c);
  for (size_t i = 0; i < expected.size(); i++) CHECK(got[i] == expected[i], "%s %zu %zu %zu: entry %zu", what, a, b, c, i);
}

static Values eqByDefinition(const Values& point) {
  Values table{Fr::one()};
  for (const Fr& r : point) {
    Values next;
    for (const Fr& x : table) next.push_back(mul(x, sub(Fr::one(), r)));
    for (const Fr& x : table) next.push_back(mul(x, r));
    table = next;
  }
  return table;
}

static void equality() {
  for (unsigned n = 0; n <= 15; n++) {
    const Values point = randomValues(n);
    Buffer in(point);
    for (TeamContext* context : contexts) {
      Buffer out(size_t(1) << n);
      eqTable(*context, in.data(), n, out.data());
      same("eqTable", out, eqByDefinition(point), n);
    }
  }
}

static void outerProducts() {
  for (const auto& [a, b] : std::vector<std::pair<size_t, size_t>>{{0, 3}, {3, 0}, {1, 1}, {3, 5}, {1, 7}, {40, 1}, {700, 2}, {5, 31}, {3000, 12}, {5, 33}, {9, 8}, {100, 16}, {128, 150}, {2, 9000}, {9000, 3}}) {
    const Values high = randomValues(a), low = randomValues(b);
    Values expected;
    for (const Fr& x : high)
      for (const Fr& y : low) expected.push_back(mul(x, y));
    Buffer h(high), l(low);
    for (TeamContext* context : contexts) {
      Buffer out(a * b);
      outer(*context, h.data(), a, l.data(), b, out.data());
      same("outer", out, expected, a, b);
    }
  }
}

static void combinations(TableKind kind, size_t rows, size_t rowLength, size_t length, bool extreme = false) {
  const Values weights = randomValues(rows, extreme);
  AnyTable table(kind, length, extreme);
  Values expected(rowLength, Fr::zero());
  for (size_t k = 0; k < length; k++) expected[k % rowLength] = add(expected[k % rowLength], mul(weights[k / rowLength], table.values[k]));
  Buffer w(weights);
  for (TeamContext* context : contexts) {
    Buffer out(rowLength);
    combineRows(*context, w.data(), rows, table.view(), rowLength, out.data());
    same("combineRows", out, expected, size_t(kind), rows, rowLength);
  }
}

static void dots(TableKind kind, size_t rows, size_t rowLength, size_t period, bool extreme = false) {
  const Values weights = randomValues(period * rowLength, extreme);
  AnyTable table(kind, rows * rowLength, extreme);
  Values expected(rows, Fr::zero());
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < rowLength; j++) expected[i] = add(expected[i], mul(table.values[i * rowLength + j], weights[(i % period) * rowLength + j]));
  Buffer w(weights);
  for (TeamContext* context : contexts) {
    Buffer out(rows);
    dotRows(*context, table.view(), w.data(), rowLength, period, out.data());
    same("dotRows", out, expected, rows, rowLength, period);
  }
}

static void tables() {
  for (const TableKind kind : KINDS) {
    for (const auto& [rows, rowLength, length] : std::vector<std::array<size_t, 3>>{
             {0, 4, 0}, {1, 1, 1}, {3, 5, 15}, {4, 6, 13}, {4, 6, 0}, {9, 8, 72}, {17, 24, 400}, {7, 33, 231}, {5, 1024, 5000}, {2, 1500, 2700}, {67, 300, 67 * 300 - 7}, {1, 17000, 17000},
             {3000, 1, 2990}, {2500, 3, 7500}, {1100, 40, 44000}, {5, 7001, 35005}, {20000, 2, 40000}})
      combinations(kind, rows, rowLength, length);
    for (const auto& [rows, rowLength, period] : std::vector<std::array<size_t, 3>>{
             {0, 3, 2}, {1, 1, 1}, {5, 3, 1}, {6, 4, 3}, {7, 4, 3}, {2, 4, 5}, {61, 300, 4}, {2, 9000, 2}, {300, 41, 7}, {33, 1025, 1}, {1, 70000, 1}, {3000, 8, 1}, {1000, 16, 32}, {3, 1500, 1}})
      dots(kind, rows, rowLength, period);
    // The largest of everything, beyond what sums hold between reductions.
    combinations(kind, 5000, 1, 5000, true);
    combinations(kind, 2600, 17, 2600 * 17, true);
    dots(kind, 1, 33000, 1, true);
    dots(kind, 9, 2500, 1, true);
  }
}

static void linear() {
  for (const size_t length : {0, 1, 7, 8, 31, 1025, 5000, 9001, 40000}) {
    std::vector<AnyTable> all;
    for (const TableKind kind : KINDS)
      for (const size_t part : {length, length / 2, size_t(0), length - length / 9}) all.emplace_back(kind, part);
    for (const size_t count : {size_t(0), size_t(1), all.size()}) {
      const Values coefficients = randomValues(count);
      Values expected(length, Fr::zero());
      std::vector<TableView> views;
      for (size_t k = 0; k < count; k++) {
        views.push_back(all[k].view());
        for (size_t i = 0; i < all[k].values.size(); i++) expected[i] = add(expected[i], mul(coefficients[k], all[k].values[i]));
      }
      Buffer c(coefficients);
      for (TeamContext* context : contexts) {
        Buffer out(length);
        linearCombination(*context, c.data(), views.data(), count, length, out.data());
        same("linearCombination", out, expected, length, count);
      }
    }
  }
}

using Terms = std::vector<RoundTerm>;
static void round(const std::vector<Values>& tables, const Terms& terms, unsigned degree, size_t shape) {
  const size_t half = tables.empty() ? 0 : tables[0].size() / 2;
  Values expected(degree + 1, Fr::zero());
  for (size_t x = 0; x < half; x++)
    for (const RoundTerm& term : terms) {
      Values product{Fr::one()};
      for (unsigned f = 0; f < term.count; f++) {
        const Fr lo = tables[term.factors[f]][x], slope = sub(tables[term.factors[f]][half + x], lo);
        Values next(product.size() + 1, Fr::zero());
        for (size_t i = 0; i < product.size(); i++) next[i] = add(next[i], mul(product[i], lo)), next[i + 1] = add(next[i + 1], mul(product[i], slope));
        product = next;
      }
      for (size_t i = 0; i < product.size(); i++) expected[i] = term.sign > 0 ? add(expected[i], product[i]) : sub(expected[i], product[i]);
    }
  std::vector<Buffer> buffers;
  std::vector<const uint8_t*> pointers;
  for (const Values& table : tables) buffers.emplace_back(table);
  for (Buffer& buffer : buffers) pointers.push_back(buffer.data());
  for (TeamContext* context : contexts) {
    Buffer out(degree + 1);
    roundPolynomial(*context, pointers.data(), pointers.size(), half, terms.data(), terms.size(), degree, out.data());
    same("roundPolynomial", out, expected, half, shape, degree);
  }
}

static void rounds() {
  std::vector<Terms> quadratic{{}, {{1, 1, {0}}}, {{-1, 1, {2}}}, {{1, 2, {0, 1}}}, {{-1, 2, {1, 1}}}, {{1, 2, {0, 1}}, {1, 1, {2}}, {-1, 2, {2, 2}}, {1, 2, {0, 0}}},
                               {{1, 2, {0, 1}}, {1, 2, {2, 3}}, {1, 2, {4, 5}}, {1, 2, {6, 7}}, {1, 2, {8, 9}}, {1, 2, {9, 0}}}};
  std::vector<Terms> cubic{{{1, 3, {0, 1, 2}}}, {{-1, 3, {0, 0, 0}}}, {{1, 3, {0, 1, 2}}, {-1, 2, {0, 1}}, {1, 1, {2}}, {-1, 3, {1, 1, 2}}},
                           {{1, 3, {0, 1, 2}}, {1, 3, {0, 3, 4}}, {1, 2, {5, 6}}, {1, 2, {7, 8}}}, {{1, 3, {1, 0, 0}}, {1, 2, {2, 0}}}, {{1, 2, {0, 2}}, {-1, 3, {0, 1, 3}}},
                           {{1, 3, {0, 1, 2}}, {1, 3, {3, 4, 5}}, {-1, 3, {5, 6, 7}}, {1, 3, {9, 8, 3}}, {-1, 3, {3, 3, 1}}}};
  // More pairs to a pivot than one sum takes, with both signs.
  Terms many;
  for (unsigned k = 0; k < 50; k++) many.push_back({k % 7 == 0 ? -1 : 1, 3, {k % 9, 9, (k * k + 1) % 10}});
  cubic.push_back(many);
  for (const size_t n : {2, 4, 14, 64, 1024, 8192}) {
    for (const bool extreme : {false, true}) {
      std::vector<Values> tables;
      for (int k = 0; k < 10; k++) {
        tables.push_back(randomValues(n, extreme));
        // Largest slopes of both signs.
        if (extreme) std::fill(tables[k].begin() + (k % 3 == 0 ? n / 2 : 0), k % 3 == 2 ? tables[k].begin() : tables[k].begin() + (k % 3 == 0 ? n : n / 2), Fr::zero());
      }
      for (size_t s = 0; s < quadratic.size(); s++) round(tables, quadratic[s], 2, s), round(tables, quadratic[s], 3, s);
      for (size_t s = 0; s < cubic.size(); s++) round(tables, cubic[s], 3, 100 + s);
    }
  }
  round({}, {}, 2, 0);
}

static void folds() {
  for (const size_t n : {2, 4, 18, 512, 16384}) {
    for (const Fr& r : {Fr::zero(), Fr::one(), MINUS_ONE, LARGEST, generator.element<FrModulus>()}) {
      std::vector<Values> tables, expected;
      for (int k = 0; k < 3; k++) {
        tables.push_back(randomValues(n, k == 2));
        Values out;
        for (size_t i = 0; i < n / 2; i++) out.push_back(add(tables[k][i], mul(r, sub(tables[k][n / 2 + i], tables[k][i]))));
        expected.push_back(out);
      }
      std::vector<Buffer> in(tables.begin(), tables.end());
      Buffer factor(Values{r});
      for (TeamContext* context : contexts) {
        std::vector<Buffer> out(3, Buffer(n / 2));
        const uint8_t* from[] = {in[0].data(), in[1].data(), in[2].data()};
        uint8_t* to[] = {out[0].data(), out[1].data(), out[2].data()};
        foldAll(*context, from, 3, n / 2, factor.data(), to);
        for (int k = 0; k < 3; k++) same("foldAll", out[k], expected[k], n, k);
        foldAll(*context, from, 0, n / 2, factor.data(), to);
      }
    }
  }
}

static void divisions() {
  for (const auto& [blo, bhi] : std::vector<std::pair<size_t, size_t>>{{1, 1}, {1, 5}, {1, 5000}, {4, 1}, {4, 4}, {8, 3}, {13, 9}, {128, 130}, {70, 300}, {1024, 9}, {3, 20000}}) {
    for (const Fr& alpha : {Fr::zero(), Fr::one(), LARGEST, generator.element<FrModulus>()}) {
      const Values f = randomValues(blo * bhi, bhi == 130);
      Values quotient(f.size(), Fr::zero()), remainder;
      for (size_t i = f.size() - 1; i >= blo; i--) quotient[i - blo] = add(f[i], mul(alpha, quotient[i]));
      for (size_t i = 0; i < blo; i++) remainder.push_back(add(f[i], mul(alpha, quotient[i])));
      Buffer in(f), factor(Values{alpha});
      for (TeamContext* context : contexts) {
        Buffer q(f.size()), g(blo);
        divideByBinomial(*context, in.data(), f.size(), blo, factor.data(), q.data(), g.data());
        same("binomial quotient", q, quotient, blo, bhi);
        same("binomial remainder", g, remainder, blo, bhi);
      }
    }
  }
  for (const size_t n : {0, 1, 2, 255, 256, 257, 1023, 1024, 1025, 4096, 17000, 250000}) {
    for (const Fr& z : {Fr::zero(), Fr::one(), LARGEST, generator.element<FrModulus>()}) {
      const Values f = randomValues(n, n == 4096);
      Values quotient(n, Fr::zero());
      Fr value = Fr::zero();
      for (size_t i = n; i-- > 0;) quotient[i] = value, value = add(f[i], mul(z, value));
      Buffer in(f), point(Values{z});
      for (TeamContext* context : contexts) {
        Buffer q(n), v(1);
        divideByLinear(*context, in.data(), n, point.data(), q.data(), v.data());
        same("linear quotient", q, quotient, n);
        same("linear value", v, Values{value}, n);
      }
    }
  }
}

static void mercury() {
  for (const auto& [low, high, count] : std::vector<std::array<unsigned, 3>>{{0, 0, 1}, {1, 0, 2}, {1, 1, 1}, {2, 2, 3}, {3, 2, 7}, {4, 3, 8}, {4, 4, 16}, {4, 4, 0}, {10, 9, 512}, {0, 2, 5}}) {
    const size_t b = std::max<size_t>({size_t(1) << low, size_t(1) << high, count});
    const Values g = randomValues(b), h = randomValues(count), u = randomValues(low), v = randomValues(high), gamma = randomValues(1);
    const auto laurent = [&](const Values& a, const Values& point) {
      Values out(2 * b - 1, Fr::zero());
      std::copy(a.begin(), a.end(), out.begin() + b - 1);
      for (size_t k = 0; k < point.size(); k++)
        for (size_t j = 0; j < out.size(); j++) {
          const Fr up = j + (size_t(1) << k) < out.size() ? out[j + (size_t(1) << k)] : Fr::zero();
          out[j] = add(mul(sub(Fr::one(), point[k]), out[j]), mul(point[k], up));
        }
      return out;
    };
    const Values A = laurent(g, u), B = laurent(h, v);
    Values expected(b, Fr::zero());
    for (size_t i = 1; i < b; i++) expected[i - 1] = add(add(A[b - 1 + i], A[b - 1 - i]), mul(gamma[0], add(B[b - 1 + i], B[b - 1 - i])));
    Buffer bg(g), bh(h), bu(u), bv(v), bgamma(gamma);
    for (TeamContext* context : contexts) {
      Buffer out(b);
      mercuryS(*context, bg.data(), b, bh.data(), count, bu.data(), low, bv.data(), high, bgamma.data(), out.data());
      same("mercuryS", out, expected, low, high, count);
    }
  }
}

static void cancellation() {
  const size_t n = size_t(1) << 16;
  Buffer f(randomValues(n)), z(randomValues(1)), q(n), v(1);
  TeamContext context(3);
  context.abortAt = 3;
  bool cancelled = false;
  try {
    divideByLinear(context, f.data(), n, z.data(), q.data(), v.data());
  } catch (const Cancelled&) {
    cancelled = true;
  }
  CHECK(cancelled, "cancelled");
}

int main() {
  equality();
  outerProducts();
  tables();
  linear();
  rounds();
  folds();
  divisions();
  mercury();
  cancellation();
  CHECK(one.wrongProgress == 0 && three.wrongProgress == 0 && one.completed > 0, "progress");
  return report("multilinear");
}
