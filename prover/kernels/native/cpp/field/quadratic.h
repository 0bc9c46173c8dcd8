/**
 * Fq2 = Fq[u] / (u^2 + 1), the coordinates of G2: one element, and lanes of them with lanes.h's interface.
 * Lane products are schoolbook with one reduction a component: (a0 b0 - a1 b1, a0 b1 + a1 b0) is 200 multiply-adds and two
 * reductions of 55, as many as Karatsuba with three, without its sums and their larger bounds.
 *   mul<K>(a < A p, b < B p), B <= K   < (1 + A (B + K) / 84) p
 */
#pragma once
#include "inverse.h"
#include "lanes.h"

namespace zkattr {

struct Fq2 {
  Fq c0, c1;

  static Fq2 zero() { return {Fq::zero(), Fq::zero()}; }
  static Fq2 one() { return {Fq::one(), Fq::zero()}; }
  static Fq2 load(const void* bytes) {
    const auto* p = static_cast<const uint8_t*>(bytes);
    return {Fq::load(p), Fq::load(p + 32)};
  }
  void store(void* bytes) const {
    auto* p = static_cast<uint8_t*>(bytes);
    c0.store(p);
    c1.store(p + 32);
  }
  bool isZero() const { return c0.isZero() && c1.isZero(); }
  bool operator==(const Fq2& o) const { return c0 == o.c0 && c1 == o.c1; }
};
inline Fq2 add(const Fq2& a, const Fq2& b) { return {add(a.c0, b.c0), add(a.c1, b.c1)}; }
inline Fq2 sub(const Fq2& a, const Fq2& b) { return {sub(a.c0, b.c0), sub(a.c1, b.c1)}; }
inline Fq2 neg(const Fq2& a) { return {neg(a.c0), neg(a.c1)}; }
inline Fq2 twice(const Fq2& a) { return add(a, a); }
inline Fq2 mul(const Fq2& a, const Fq2& b) {
  const Fq v0 = mul(a.c0, b.c0), v1 = mul(a.c1, b.c1);
  return {sub(v0, v1), sub(sub(mul(add(a.c0, a.c1), add(b.c0, b.c1)), v0), v1)};
}
inline Fq2 square(const Fq2& a) { return {mul(add(a.c0, a.c1), sub(a.c0, a.c1)), twice(mul(a.c0, a.c1))}; }
/** (c0 - c1 u) / (c0^2 + c1^2). */
inline Fq2 inverse(const Fq2& a) {
  const Fq norm = inverse(add(square(a.c0), square(a.c1)));
  return {mul(a.c0, norm), neg(mul(a.c1, norm))};
}

template <Form form = Form::Mont>
struct Lanes2 {
  static constexpr size_t N = Lanes<FqModulus, form>::N;
  Lanes<FqModulus, form> c0, c1;

  static Lanes2 zero() { return {Lanes<FqModulus, form>::zero(), Lanes<FqModulus, form>::zero()}; }
  static Lanes2 one() { return {Lanes<FqModulus, form>::one(), Lanes<FqModulus, form>::zero()}; }
  static Lanes2 broadcast(const Fq2& x) { return {Lanes<FqModulus, form>::broadcast(x.c0), Lanes<FqModulus, form>::broadcast(x.c1)}; }
};

template <Form f> inline Lanes2<f> add(const Lanes2<f>& a, const Lanes2<f>& b) { return {add(a.c0, b.c0), add(a.c1, b.c1)}; }
template <unsigned K, Form f> inline Lanes2<f> sub(const Lanes2<f>& a, const Lanes2<f>& b) { return {sub<K>(a.c0, b.c0), sub<K>(a.c1, b.c1)}; }
template <unsigned K, Form f> inline Lanes2<f> sub2(const Lanes2<f>& a, const Lanes2<f>& b, const Lanes2<f>& c) { return {sub2<K>(a.c0, b.c0, c.c0), sub2<K>(a.c1, b.c1, c.c1)}; }
template <unsigned K, Form f> inline Lanes2<f> sub3(const Lanes2<f>& a, const Lanes2<f>& b, const Lanes2<f>& c, const Lanes2<f>& d) { return {sub3<K>(a.c0, b.c0, c.c0, d.c0), sub3<K>(a.c1, b.c1, c.c1, d.c1)}; }
template <Form f> inline LaneMask lowZero(const Lanes2<f>& a) { return lowZero(a.c0); }
template <Form f> inline LaneMask lowEqual(const Lanes2<f>& a, const Lanes2<f>& b) { return lowEqual(a.c0, b.c0); }
template <Form f> inline Lanes2<f> triple(const Lanes2<f>& a) { return {triple(a.c0), triple(a.c1)}; }
template <Form f> inline Lanes2<f> negateIf(LaneMask mask, const Lanes2<f>& a) { return {negateIf(mask, a.c0), negateIf(mask, a.c1)}; }
template <unsigned K, Form f>
inline Lanes2<f> mul(const Lanes2<Form::Mont>& a, const Lanes2<f>& b) {
  const auto negated = sub<K>(Lanes<FqModulus, f>::zero(), b.c1);
  return {mulAdd(a.c0, b.c0, a.c1, negated), mulAdd(a.c0, b.c1, a.c1, b.c0)};
}
inline Lanes2<Form::Mont> toMont(const Lanes2<Form::Raw>& a) { return {toMont(a.c0), toMont(a.c1)}; }
inline Lanes2<Form::Raw> toRaw(const Lanes2<Form::Mont>& a) { return {toRaw(a.c0), toRaw(a.c1)}; }
inline Lanes2<Form::Mont> asMont(const Lanes2<Form::Raw>& a) { return {asMont(a.c0), asMont(a.c1)}; }
inline Lanes2<Form::Raw> asRaw(const Lanes2<Form::Mont>& a) { return {asRaw(a.c0), asRaw(a.c1)}; }
template <unsigned B, Form f> inline Lanes2<f> canonical(const Lanes2<f>& a) { return {canonical<B>(a.c0), canonical<B>(a.c1)}; }
template <Form f> inline LaneMask isZero(const Lanes2<f>& a) { return isZero(a.c0) & isZero(a.c1); }
template <Form f> inline LaneMask isEqual(const Lanes2<f>& a, const Lanes2<f>& b) { return isEqual(a.c0, b.c0) & isEqual(a.c1, b.c1); }
template <Form f> inline Lanes2<f> select(LaneMask mask, const Lanes2<f>& a, const Lanes2<f>& b) { return {select(mask, a.c0, b.c0), select(mask, a.c1, b.c1)}; }

}  // namespace zkattr
