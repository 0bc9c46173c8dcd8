/**
 * Circom's operators by the names that generated code calls. r may be one of the operands. Semantics: circom's
 * documentation, "Basic operators"; val(x) = x for x <= (p-1)/2, else x - p.
 *   add sub mul neg div pow   in the field; 1 / 0 = 0
 *   idiv mod                  of the representatives in [0, p)
 *   band bor bxor bnot        on 254 bits, the result mod p
 *   shl shr                   k <= (p-1)/2: x 2^k on 254 bits, mod p; floor(x / 2^k). Above, the other way by p - k
 *   lt leq gt geq             of val
 *   land lor lnot             anything but 0 is true; results are 0 and 1
 */
#pragma once
#include "element.h"

using PFrElement = FrElement *;
using In = const FrElement *;

inline void Fr_copy(PFrElement r, In a) { *r = *a; }
inline void Fr_copyn(PFrElement r, In a, int n) {
  for (int i = 0; i < n; i++) r[i] = a[i];
}

void Fr_add(PFrElement r, In a, In b);
void Fr_sub(PFrElement r, In a, In b);
void Fr_neg(PFrElement r, In a);
void Fr_mul(PFrElement r, In a, In b);
void Fr_div(PFrElement r, In a, In b);
void Fr_pow(PFrElement r, In a, In b);

void Fr_idiv(PFrElement r, In a, In b);
void Fr_mod(PFrElement r, In a, In b);
void Fr_band(PFrElement r, In a, In b);
void Fr_bor(PFrElement r, In a, In b);
void Fr_bxor(PFrElement r, In a, In b);
void Fr_bnot(PFrElement r, In a);
void Fr_shl(PFrElement r, In a, In b);
void Fr_shr(PFrElement r, In a, In b);

void Fr_eq(PFrElement r, In a, In b);
void Fr_neq(PFrElement r, In a, In b);
void Fr_lt(PFrElement r, In a, In b);
void Fr_gt(PFrElement r, In a, In b);
void Fr_leq(PFrElement r, In a, In b);
void Fr_geq(PFrElement r, In a, In b);
void Fr_land(PFrElement r, In a, In b);
void Fr_lor(PFrElement r, In a, In b);
void Fr_lnot(PFrElement r, In a);

int longToInt(In a);
bool longIsTrue(In a);
/** An index. Ends the process when val(a) does not fit 32 bits. */
inline int Fr_toInt(In a) { return isShort(*a) ? a->shortVal : longToInt(a); }
inline bool Fr_isTrue(In a) { return isShort(*a) ? a->shortVal != 0 : longIsTrue(a); }
/** For log(), which prints nothing here. */
inline char *Fr_element2str(In) { return new char[1]{0}; }

/** How a generator ends. Anything but 0, a signal included, means: ask the WebAssembly calculator for the reason. */
enum Exit : int { WITNESS = 0, UNSATISFIED = 3, UNFIT_INPUTS = 4, UNFIT_FILES = 5 };
[[noreturn]] void leave(Exit code);
