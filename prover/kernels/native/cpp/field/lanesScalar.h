/** One lane: lanes.h's interface over Element. Raw and Mont are the same integers; bounds are void. */
#pragma once
#include "lanes.h"

namespace zkattr {

template <class F, Form form = Form::Mont>
struct Lanes {
  static constexpr size_t N = 1;
  using Field = F;
  Element<F> e;

  static Lanes zero() { return {Element<F>::zero()}; }
  static Lanes one() { return {Element<F>::one()}; }
  static Lanes broadcast(const Element<F>& x) { return {x}; }
};
/** One bit a lane. */
using LaneMask = uint8_t;

template <class F> using RawLanes = Lanes<F, Form::Raw>;
template <class F> using MontLanes = Lanes<F, Form::Mont>;

/** N consecutive elements. */
template <class F> inline RawLanes<F> load(const void* from) { return {Element<F>::load(from)}; }
/** The first `count` of N consecutive elements, zeros after. */
template <class F> inline RawLanes<F> loadPart(const void* from, size_t count) { return {count ? Element<F>::load(from) : Element<F>::zero()}; }
template <unsigned B, class F> inline void store(const RawLanes<F>& a, void* to) { a.e.store(to); }
template <unsigned B, class F> inline void storePart(const RawLanes<F>& a, void* to, size_t count) { if (count) a.e.store(to); }
/** Lane i from from[i]. */
template <class F> inline RawLanes<F> gather(const uint8_t* const from[1]) { return {Element<F>::load(from[0])}; }
/** Lane i to to[i]. */
template <unsigned B, class F> inline void scatter(const RawLanes<F>& a, uint8_t* const to[1]) { a.e.store(to[0]); }

template <class F, Form f> inline Lanes<F, f> add(const Lanes<F, f>& a, const Lanes<F, f>& b) { return {add(a.e, b.e)}; }
template <unsigned K, class F, Form f> inline Lanes<F, f> sub(const Lanes<F, f>& a, const Lanes<F, f>& b) { return {sub(a.e, b.e)}; }
/** a - b - c. */
template <unsigned K, class F, Form f> inline Lanes<F, f> sub2(const Lanes<F, f>& a, const Lanes<F, f>& b, const Lanes<F, f>& c) { return {sub(sub(a.e, b.e), c.e)}; }
template <unsigned K, class F, Form f> inline Lanes<F, f> sub3(const Lanes<F, f>& a, const Lanes<F, f>& b, const Lanes<F, f>& c, const Lanes<F, f>& d) { return {sub(sub(sub(a.e, b.e), c.e), d.e)}; }
template <class F, Form f> inline Lanes<F, f> triple(const Lanes<F, f>& a) { return {add(twice(a.e), a.e)}; }
template <class F, Form f> inline Lanes<F, f> negateIf(LaneMask mask, const Lanes<F, f>& a) { return {mask & 1 ? neg(a.e) : a.e}; }
template <class F, Form f> inline Lanes<F, f> mul(const MontLanes<F>& a, const Lanes<F, f>& b) { return {mul(a.e, b.e)}; }
template <class F> inline MontLanes<F> square(const MontLanes<F>& a) { return {square(a.e)}; }
/** a b + c d, one reduction; bound 1 + (A B + C D) / 84. */
template <class F, Form f> inline Lanes<F, f> mulAdd(const MontLanes<F>& a, const Lanes<F, f>& b, const MontLanes<F>& c, const Lanes<F, f>& d) { return {add(mul(a.e, b.e), mul(c.e, d.e))}; }
template <class F> inline MontLanes<F> toMont(const RawLanes<F>& a) { return {a.e}; }
template <class F> inline RawLanes<F> toRaw(const MontLanes<F>& a) { return {a.e}; }
/** The same integer under the other name: the value changes by a power of two where N = 8. For products whose powers cancel. */
template <class F> inline MontLanes<F> asMont(const RawLanes<F>& a) { return {a.e}; }
template <class F> inline RawLanes<F> asRaw(const MontLanes<F>& a) { return {a.e}; }
template <unsigned B, class F, Form f> inline Lanes<F, f> canonical(const Lanes<F, f>& a) { return a; }
/** Lanes that are the integer 0; a canonical. */
template <class F, Form f> inline LaneMask isZero(const Lanes<F, f>& a) { return a.e.isZero(); }
template <class F, Form f> inline LaneMask isEqual(const Lanes<F, f>& a, const Lanes<F, f>& b) { return a.e == b.e; }
template <class F, Form f> inline LaneMask lowZero(const Lanes<F, f>& a) { return a.e.v[0] == 0; }
template <class F, Form f> inline LaneMask lowEqual(const Lanes<F, f>& a, const Lanes<F, f>& b) { return a.e.v[0] == b.e.v[0]; }
/** mask ? b : a. */
template <class F, Form f> inline Lanes<F, f> select(LaneMask mask, const Lanes<F, f>& a, const Lanes<F, f>& b) { return mask & 1 ? b : a; }
/** Sum of the lanes; a < B p. */
template <unsigned B, class F> inline Element<F> sumLanes(const RawLanes<F>& a) { return a.e; }

}  // namespace zkattr
