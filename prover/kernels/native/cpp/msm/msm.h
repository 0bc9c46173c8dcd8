/**
 * Multi-scalar multiplication over BN254.
 *   out = sum_i scalar_i base_i
 * Bases: affine Montgomery (2^256), 64 bytes G1, 128 bytes G2, all zeros = infinity. Result: one such point.
 * Bases must lie on the curve (G2: in the subgroup of order r); nothing here checks it. Not constant-time: run time and
 * memory access depend on the scalars.
 */
#pragma once
#include <cstddef>
#include <cstdint>
#include "../parallel/context.h"

namespace zkattr {

enum class ScalarForm { Montgomery, Canonical };
/** Small integers: bits (uint8, any non-zero is 1), signed 8, 16 bits. */
enum class IntKind { Bit, Int8, Int16 };

/** @param scalars n x 32 bytes, little endian, below r */
void msmG1(Context& context, const uint8_t* bases, const uint8_t* scalars, size_t n, ScalarForm form, uint8_t* out);
void msmG2(Context& context, const uint8_t* bases, const uint8_t* scalars, size_t n, ScalarForm form, uint8_t* out);
/** Scalars of one or two bytes: about one addition a byte and point. */
void msmSmallG1(Context& context, const uint8_t* bases, IntKind kind, const void* scalars, size_t n, uint8_t* out);
/**
 * out[i] = scalar_i base, one base for all (key generation).
 * @param base one affine Montgomery point; scalars canonical, n x 32 bytes
 */
void fixedBaseG1(Context& context, const uint8_t* base, const uint8_t* scalars, size_t n, uint8_t* out);
void fixedBaseG2(Context& context, const uint8_t* base, const uint8_t* scalars, size_t n, uint8_t* out);

}  // namespace zkattr
