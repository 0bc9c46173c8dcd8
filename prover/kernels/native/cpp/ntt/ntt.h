/**
 * Number-theoretic transform over Fr, in place, natural order in and out, Montgomery (2^256), n = 2^log.
 *   forward  a[j] <- sum_i a[i] w^(ij),       w = 5^((r - 1) / n)  (snarkjs' and ffjavascript's root)
 *   inverse  a[j] <- 1/n sum_i a[i] w^(-ij)
 *   coset    forward: a[i] is multiplied by shift^i before; inverse: by shift^(-i) after
 */
#pragma once
#include <cstddef>
#include <cstdint>
#include "../parallel/context.h"

namespace zkattr {

/** @param shift 32 bytes Montgomery, not 0, or nullptr for no coset. @throws std::invalid_argument for log > 28 */
void ntt(Context& context, uint8_t* values, unsigned log, bool inverse, const uint8_t* shift);

}  // namespace zkattr
