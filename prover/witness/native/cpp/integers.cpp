/** Operators on representatives in [0, p): division with remainder, bits, shifts. */
#include "operators.h"

static bool smallPair(In a, In b) { return isShort(*a) && isShort(*b) && a->shortVal >= 0 && b->shortVal >= 0; }

static Limbs shiftedLeft(const Limbs &a, unsigned k) {
  Limbs r = {};
  for (unsigned i = 3, words = k / 64, bits = k % 64; i < 4; i--) {
    if (i >= words) r.w[i] = a.w[i - words] << bits;
    if (bits != 0 && i > words) r.w[i] |= a.w[i - words - 1] >> (64 - bits);
  }
  return r;
}
static Limbs shiftedRight(const Limbs &a, unsigned k) {
  Limbs r = {};
  for (unsigned i = 0, words = k / 64, bits = k % 64; i + words < 4; i++) {
    r.w[i] = a.w[i + words] >> bits;
    if (bits != 0 && i + words + 1 < 4) r.w[i] |= a.w[i + words + 1] << (64 - bits);
  }
  return r;
}

/** 254 bits -> [0, p) */
static Limbs onBits(Limbs a) {
  a.w[3] &= 0x3fffffffffffffffu;
  return reduced(a);
}

/** Schoolbook, bit by bit: integer division is rare and its operands are mostly small. */
static Limbs divide(const Limbs &a, const Limbs &b, Limbs &remainder) {
  Limbs quotient = {};
  remainder = {};
  if (isZero(b)) leave(UNSATISFIED);
  for (int i = 253; i >= 0; i--) {
    remainder = shiftedLeft(remainder, 1);
    remainder.w[0] |= a.w[i / 64] >> (i % 64) & 1;
    if (!atLeast(remainder, b)) continue;
    bool borrow;
    remainder = difference(remainder, b, borrow);
    quotient.w[i / 64] |= (uint64_t)1 << (i % 64);
  }
  return quotient;
}

void Fr_idiv(PFrElement r, In a, In b) {
  if (smallPair(a, b) && b->shortVal != 0) setShort(r, a->shortVal / b->shortVal);
  else {
    Limbs remainder;
    setLong(r, divide(canonical(*a), canonical(*b), remainder));
  }
}
void Fr_mod(PFrElement r, In a, In b) {
  if (smallPair(a, b) && b->shortVal != 0) setShort(r, a->shortVal % b->shortVal);
  else {
    Limbs remainder;
    divide(canonical(*a), canonical(*b), remainder);
    setLong(r, remainder);
  }
}

template <class Word> static void bitwise(PFrElement r, In a, In b, Word word) {
  if (smallPair(a, b)) {
    setShort(r, (int32_t)word(a->shortVal, b->shortVal));
    return;
  }
  const Limbs x = canonical(*a), y = canonical(*b);
  const Limbs z = {{word(x.w[0], y.w[0]), word(x.w[1], y.w[1]), word(x.w[2], y.w[2]), word(x.w[3], y.w[3])}};
// A bit of a number, as binary decompositions take it, is worth staying SHORT.
  if ((z.w[0] >> 31 | z.w[1] | z.w[2] | z.w[3]) == 0) setShort(r, (int32_t)z.w[0]);
  else setLong(r, onBits(z));
}
void Fr_band(PFrElement r, In a, In b) { bitwise(r, a, b, [](uint64_t x, uint64_t y) { return x & y; }); }
void Fr_bor(PFrElement r, In a, In b) { bitwise(r, a, b, [](uint64_t x, uint64_t y) { return x | y; }); }
void Fr_bxor(PFrElement r, In a, In b) { bitwise(r, a, b, [](uint64_t x, uint64_t y) { return x ^ y; }); }
void Fr_bnot(PFrElement r, In a) {
  const Limbs x = canonical(*a);
  setLong(r, onBits({{~x.w[0], ~x.w[1], ~x.w[2], ~x.w[3]}}));
}

static void shift(PFrElement r, const FrElement &a, const FrElement &b, bool left) {
  Limbs k = canonical(b);
  if (!atLeast(HALF, k)) {
    k = negMod(k);
    left = !left;
  }
  if ((k.w[1] | k.w[2] | k.w[3]) != 0 || k.w[0] >= 254) return setShort(r, 0);
  const unsigned bits = (unsigned)k.w[0];
  if (left) setLong(r, onBits(shiftedLeft(canonical(a), bits)));
  else if (isShort(a) && a.shortVal >= 0) setShort(r, bits < 32 ? a.shortVal >> bits : 0);
  else setLong(r, shiftedRight(canonical(a), bits));
}
void Fr_shl(PFrElement r, In a, In b) { shift(r, *a, *b, true); }
void Fr_shr(PFrElement r, In a, In b) { shift(r, *a, *b, false); }
