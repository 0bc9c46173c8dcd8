/**
 * Element-wise operations on buffers of Fr or Fq, Montgomery (2^256), 32 bytes little endian, canonical (below the modulus).
 * out may be a (or b). Threads split the range.
 */
#pragma once
#include <cstddef>
#include <cstdint>
#include "../parallel/context.h"

namespace zkattr {

enum class FieldId { Fr, Fq };
enum class BinaryOp { Add, Sub, Mul };
enum class UnaryOp { Neg, Square, ToMontgomery, FromMontgomery };

void fieldBinary(Context& context, FieldId field, BinaryOp op, const uint8_t* a, const uint8_t* b, size_t n, uint8_t* out);
void fieldUnary(Context& context, FieldId field, UnaryOp op, const uint8_t* a, size_t n, uint8_t* out);
/** out[i] = a[i]^(-1), 0 where a[i] = 0. Montgomery's trick. */
void fieldBatchInverse(Context& context, FieldId field, const uint8_t* a, size_t n, uint8_t* out);

}  // namespace zkattr
