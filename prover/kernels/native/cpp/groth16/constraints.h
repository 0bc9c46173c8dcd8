/** The quotient's numerator of a witness: what is committed to the H points. */
#pragma once
#include <memory>
#include "../parallel/context.h"
#include "zkeyView.h"

namespace zkattr {
namespace groth16_detail {

/**
 * Values of the constraints on the domain: a[c] = sum of coefficient x w over matrix A, b[c] likewise, product[c] = a[c] b[c].
 * @param witness canonical, variables x 32 bytes
 * @param a, b, product domain x 32 bytes out, Montgomery
 */
void evaluateConstraints(Context& context, const ZkeyView& zkey, const uint8_t* witness, uint8_t* a, uint8_t* b, uint8_t* product);

/**
 * h[i] = A(g w^i) B(g w^i) - C(g w^i), canonical, where A, B, C have the degrees of the domain and take on it the values of the
 * constraints, C = A B there, and g is of order twice the domain: the odd half of the domain twice as large, on which the
 * vanishing polynomial is the constant -2 that the H points contain.
 * Peak: four times the result, itself included; it is domain x 32 bytes.
 */
std::unique_ptr<uint8_t[]> quotientScalars(Context& context, const ZkeyView& zkey, const uint8_t* witness);

}  // namespace groth16_detail
}  // namespace zkattr
