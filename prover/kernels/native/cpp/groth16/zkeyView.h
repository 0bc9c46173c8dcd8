/**
 * A Groth16 key of snarkjs in memory, parsed:
 *   1 protocol (1)      2 q, r, nVars, nPublic, domainSize; alpha1, beta1, beta2, gamma2, delta1, delta2
 *   3 IC (nPublic + 1)  4 coefficients of A and B    5 A  6 B1  7 B2 (nVars)
 *   8 L / delta (nVars - nPublic - 1)   9 H / delta (domainSize)   10 contributions (not read)
 * Points are affine, Montgomery, little endian, zeros for infinity.
 */
#pragma once
#include <vector>
#include "container.h"

namespace zkattr {
namespace groth16_detail {

/**
 * Entries of the sparse matrices A and B, grouped by constraint: matrix (0 or 1), constraint, signal as u32, then the value
 * times R^2, R = 2^256, as an integer below r. One Montgomery product with a canonical witness gives a Montgomery product.
 */
struct Coefficients {
  static constexpr size_t ENTRY_BYTES = 44;
  const uint8_t* entries = nullptr;
  /** Those of constraint c are order[starts[c]] .. order[starts[c + 1] - 1]; without an order (snarkjs writes them sorted) the indices themselves. */
  std::vector<uint32_t> starts, order;

  const uint8_t* entry(size_t i) const { return entries + ENTRY_BYTES * (order.empty() ? i : order[i]); }
  static uint32_t matrix(const uint8_t* entry) { return readU32(entry); }
  static uint32_t signal(const uint8_t* entry) { return readU32(entry + 8); }
  static const uint8_t* value(const uint8_t* entry) { return entry + 12; }
};

struct ZkeyView {
  uint32_t variables, publics, domain;
  /** log2 of the domain. */
  unsigned log;
  const uint8_t *alpha1, *beta1, *beta2, *gamma2, *delta1, *delta2;
  const uint8_t *ic, *a, *b1, *b2, *c, *h;
  Coefficients coefficients;
};

/**
 * Checks everything but the curve points: section table, protocol, primes, sizes, coefficients.
 * @param file lives as long as the view
 * @throws FormatError
 */
ZkeyView parseZkey(Bytes file);

}  // namespace groth16_detail
}  // namespace zkattr
