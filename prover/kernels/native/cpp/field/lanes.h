/**
 * Field elements side by side: the one arithmetic type of all kernels.
 *   AVX-512 IFMA   8 lanes of 5 x 52 bits, values up to 2^260 > 84 p: sums and differences are not reduced
 *   elsewhere      1 lane, always canonical
 * Kernels are written once against this interface; N is 8 or 1.
 *
 * Forms. Memory holds x 2^256 mod p. A vector holds one of
 *   Raw   the memory's integer, x 2^256
 *   Mont  x 2^260 (x 2^256 where N = 1): what a product needs on one side
 *   mul(Mont, Raw) = Raw,  mul(Mont, Mont) = Mont;  toMont(Raw) multiplies by 16, a shift: cheap; toRaw costs a tenth of a product.
 * So a linear map by constants (fold, combine) loads and stores Raw and needs no conversion at all.
 *
 * Bounds. "< k p" says how large the integer in a lane may be (N = 1: always < p, bounds are void).
 *   load            < p            toMont(a)     16 times a's bound
 *   add(a, b)       sum of both    sub<K>(a, b)  a's + K, needs b < K p
 *   mul(a < A p, b < B p)          < (1 + A B / 84) p; A, B <= 84: so A B <= 84 gives < 2p, A B <= 252 gives < 4p
 *   toRaw(a < A p)  < (A + 15) / 16 p
 *   canonical<B>(a) needs a < B p, B in {2, 4, 8, 16, 32}; gives < p.   store<B> does it too.
 * Every limb of every value is a plain 52-bit limb: results are carried before they are returned.
 */
#pragma once
#include "element.h"

namespace zkattr {
enum class Form { Raw, Mont };
}

#if defined(ZKATTR_ISA_IFMA)
#include "lanesIfma.h"
#else
#include "lanesScalar.h"
#endif
