/** Comparisons, logic, and what control flow and indices ask of a value. */
#include "operators.h"

static bool equal(In a, In b) {
  if (isShort(*a) && isShort(*b)) return a->shortVal == b->shortVal;
  if (a->type == b->type) return same(a->longVal, b->longVal);
  // Canonical rather than Montgomery: one of the two is nearly always there already.
  return same(canonical(*a), canonical(*b));
}

/** val(a) < val(b): both sides moved by (p-1)/2, which maps the order of val to that of [0, p). */
static bool less(In a, In b) {
  if (isShort(*a) && isShort(*b)) return a->shortVal < b->shortVal;
  return !atLeast(addMod(canonical(*a), HALF), addMod(canonical(*b), HALF));
}

static void set(PFrElement r, bool value) { setShort(r, value ? 1 : 0); }

void Fr_eq(PFrElement r, In a, In b) { set(r, equal(a, b)); }
void Fr_neq(PFrElement r, In a, In b) { set(r, !equal(a, b)); }
void Fr_lt(PFrElement r, In a, In b) { set(r, less(a, b)); }
void Fr_gt(PFrElement r, In a, In b) { set(r, less(b, a)); }
void Fr_leq(PFrElement r, In a, In b) { set(r, !less(b, a)); }
void Fr_geq(PFrElement r, In a, In b) { set(r, !less(a, b)); }
void Fr_land(PFrElement r, In a, In b) { set(r, Fr_isTrue(a) && Fr_isTrue(b)); }
void Fr_lor(PFrElement r, In a, In b) { set(r, Fr_isTrue(a) || Fr_isTrue(b)); }
void Fr_lnot(PFrElement r, In a) { set(r, !Fr_isTrue(a)); }

/** Zero has the same limbs in both long forms. */
bool longIsTrue(In a) { return !isZero(a->longVal); }

int longToInt(In a) {
  Limbs v = canonical(*a);
  const bool negative = !atLeast(HALF, v);
  if (negative) v = negMod(v);
  if ((v.w[1] | v.w[2] | v.w[3]) != 0 || v.w[0] > 0x7fffffffu) leave(UNSATISFIED);
  return negative ? -(int)v.w[0] : (int)v.w[0];
}
