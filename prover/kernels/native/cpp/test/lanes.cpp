/** The lanes equal one-element arithmetic: every operation, random and extreme values, at the edges of the stated bounds. */
#include "../field/inverse.h"
#include "../field/lanes.h"
#include "check.h"

using namespace zkattr;

template <class F>
static void lanes(const char* name) {
  using Raw = RawLanes<F>;
  constexpr size_t N = Raw::N;
  Random random(7);
  for (int round = 0; round < 4000; round++) {
    Element<F> a[N], b[N], c[N], out[N];
    for (size_t i = 0; i < N; i++) a[i] = random.edgy<F>(), b[i] = random.edgy<F>(), c[i] = random.edgy<F>();
    const Raw ra = load<F>(a), rb = load<F>(b), rc = load<F>(c);
    // k p, k p - 1 and k p + 1 exactly: where a quotient estimate may be one off.
    for (unsigned k = 0; k < 8; k++) {
      Raw multiple = Raw::zero();
      Element<F> minusOne = Element<F>::of(modulus_detail::subtract(F::P, {1, 0, 0, 0}));
      for (unsigned i = 0; i < k; i++) multiple = add(multiple, Raw::broadcast(minusOne));  // k p - k
      Element<F> small{{k, 0, 0, 0}}, got[N];
      store<1>(canonical<8>(multiple), got);
      CHECK(got[0] == neg(small), "%s %u p - %u", name, k, k);
      store<1>(canonical<8>(add(multiple, Raw::broadcast(small))), got);
      CHECK(got[N - 1].isZero(), "%s %u p", name, k);
    }
    const auto same = [&](const char* op, const Raw& got, auto expected) {
      store<32>(got, out);
      for (size_t i = 0; i < N; i++) CHECK(out[i] == expected(i), "%s %s lane %zu", name, op, i);
    };
    same("load", ra, [&](size_t i) { return a[i]; });
    same("add", add(ra, rb), [&](size_t i) { return add(a[i], b[i]); });
    same("sub", sub<1>(ra, rb), [&](size_t i) { return sub(a[i], b[i]); });
    same("sub2", sub2<2>(ra, rb, rc), [&](size_t i) { return sub(sub(a[i], b[i]), c[i]); });
    same("sub3", sub3<3>(ra, rb, rc, rb), [&](size_t i) { return sub(sub(sub(a[i], b[i]), c[i]), b[i]); });
    same("triple", triple(ra), [&](size_t i) { return add(twice(a[i]), a[i]); });
    same("negateIf", sub<1>(ra, negateIf(0x36, rb)), [&](size_t i) { return (0x36 >> i) & 1 ? add(a[i], b[i]) : sub(a[i], b[i]); });
    same("canonical<8>", canonical<8>(add(add(add(ra, rb), add(rc, ra)), add(add(rb, rc), ra))), [&](size_t i) { return add(add(add(a[i], b[i]), add(c[i], a[i])), add(add(b[i], c[i]), a[i])); });
    same("canonical<4>", canonical<4>(add(add(ra, rb), rc)), [&](size_t i) { return add(add(a[i], b[i]), c[i]); });
    same("mul raw", mul(toMont(ra), rb), [&](size_t i) { return mul(a[i], b[i]); });
    same("mul mont", toRaw(mul(toMont(ra), toMont(rb))), [&](size_t i) { return mul(a[i], b[i]); });
    same("square", toRaw(square(toMont(ra))), [&](size_t i) { return square(a[i]); });
    same("mulAdd", mulAdd(toMont(ra), rb, toMont(rb), rc), [&](size_t i) { return add(mul(a[i], b[i]), mul(b[i], c[i])); });
    same("toRaw", toRaw(toMont(ra)), [&](size_t i) { return a[i]; });
    same("broadcast", mul(MontLanes<F>::broadcast(a[0]), rb), [&](size_t i) { return mul(a[0], b[i]); });
    same("select", select(0x55, ra, rb), [&](size_t i) { return i % 2 == 0 ? b[i] : a[i]; });
    // As large as bounds allow: 80 p times 80 p, then canonical.
    Raw large = ra, large2 = rb;
    Element<F> one = Element<F>::zero();
    for (int k = 0; k < 15; k++) large = add(large, rc), large2 = sub<1>(large2, rc);
    same("sums", canonical<16>(large), [&](size_t i) { Element<F> x = a[i]; for (int k = 0; k < 15; k++) x = add(x, c[i]); return x; });
    same("large product", mul(asMont(large), large2), [&](size_t i) {
      Element<F> x = a[i], y = b[i];
      for (int k = 0; k < 15; k++) x = add(x, c[i]), y = sub(y, c[i]);
      Element<F> z = mul(x, y);
      if (N == 8) for (int k = 0; k < 4; k++) z = mul(z, inverse(twice(Element<F>::one())));  // asMont of a Raw: 2^-4
      return z;
    });
    LaneMask zeros = isZero(ra), equals = isEqual(ra, rb);
    for (size_t i = 0; i < N; i++) {
      CHECK(((zeros >> i) & 1) == a[i].isZero(), "%s isZero", name);
      CHECK(((equals >> i) & 1) == (a[i] == b[i]), "%s isEqual", name);
      one = add(one, a[i]);
    }
    CHECK(sumLanes<1>(ra) == one, "%s sumLanes", name);
    const size_t count = random.below(N + 1);
    Element<F> part[N];
    for (size_t i = 0; i < N; i++) part[i] = Element<F>::one();
    storePart<1>(loadPart<F>(a, count), part, count);
    for (size_t i = 0; i < N; i++) CHECK(part[i] == (i < count ? a[i] : Element<F>::one()), "%s part", name);
    const uint8_t* from[N];
    for (size_t i = 0; i < N; i++) from[i] = reinterpret_cast<const uint8_t*>(&b[(5 * i + 3) % N]);
    same("gather", gather<F>(from), [&](size_t i) { return b[(5 * i + 3) % N]; });
    Element<F> scattered[N];
    uint8_t* to[N];
    for (size_t i = 0; i < N; i++) to[i] = reinterpret_cast<uint8_t*>(&scattered[(3 * i + 1) % N]);
    scatter<2>(add(ra, rb), to);
    for (size_t i = 0; i < N; i++) CHECK(scattered[(3 * i + 1) % N] == add(a[i], b[i]), "%s scatter", name);
    const Element<F> x = a[0];
    CHECK(mul(inverse(x), x) == (x.isZero() ? x : Element<F>::one()), "%s inverse", name);
  }
}

int main() {
  lanes<FqModulus>("Fq");
  lanes<FrModulus>("Fr");
  return report("lanes");
}
