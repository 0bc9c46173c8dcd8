/** Field arithmetic on mixed forms: two SHORTs stay integers, sums keep a common form, products end in Montgomery form. */
#include "operators.h"

void Fr_add(PFrElement r, In a, In b) {
  if (a->type == MONTGOMERY && b->type == MONTGOMERY) setMontgomery(r, addMod(a->longVal, b->longVal));
  else if (isShort(*a) && isShort(*b)) setInteger(r, (int64_t)a->shortVal + b->shortVal);
  else if (a->type == MONTGOMERY || b->type == MONTGOMERY) setMontgomery(r, addMod(montgomery(*a), montgomery(*b)));
  else setLong(r, addMod(canonical(*a), canonical(*b)));
}

void Fr_sub(PFrElement r, In a, In b) {
  if (a->type == MONTGOMERY && b->type == MONTGOMERY) setMontgomery(r, subMod(a->longVal, b->longVal));
  else if (isShort(*a) && isShort(*b)) setInteger(r, (int64_t)a->shortVal - b->shortVal);
  else if (a->type == MONTGOMERY || b->type == MONTGOMERY) setMontgomery(r, subMod(montgomery(*a), montgomery(*b)));
  else setLong(r, subMod(canonical(*a), canonical(*b)));
}

void Fr_neg(PFrElement r, In a) {
  if (isShort(*a)) setInteger(r, -(int64_t)a->shortVal);
  else setLong(r, negMod(a->longVal), a->type);
}

void Fr_mul(PFrElement r, In a, In b) {
  if (a->type == MONTGOMERY && b->type == MONTGOMERY) setMontgomery(r, productMont(a->longVal, b->longVal));
  else if (isShort(*a) && isShort(*b)) setInteger(r, (int64_t)a->shortVal * b->shortVal);
  // One factor in Montgomery form and one canonical give a canonical product: cheaper than two conversions.
  else if (a->type == MONTGOMERY) setLong(r, productMont(a->longVal, canonical(*b)));
  else if (b->type == MONTGOMERY) setLong(r, productMont(b->longVal, canonical(*a)));
  else setMontgomery(r, productMont(montgomery(*a), montgomery(*b)));
}

/** base^exponent, base and result in Montgomery form. */
static Limbs power(const Limbs &base, const Limbs &exponent) {
  Limbs result = productMont(R_SQUARED, {{1, 0, 0, 0}});
  for (int i = 255; i >= 0; i--) {
    result = productMont(result, result);
    if (exponent.w[i / 64] >> (i % 64) & 1) result = productMont(result, base);
  }
  return result;
}

void Fr_pow(PFrElement r, In a, In b) { setMontgomery(r, power(montgomery(*a), canonical(*b))); }

void Fr_div(PFrElement r, In a, In b) {
  // 1 / b = b^(p - 2), and 0 for b = 0
  bool borrow;
  const Limbs inverse = power(montgomery(*b), difference(MODULUS, {{2, 0, 0, 0}}, borrow));
  setMontgomery(r, productMont(montgomery(*a), inverse));
}
