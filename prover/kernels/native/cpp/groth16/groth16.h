/**
 * Groth16 prover over snarkjs' files: a .zkey mapped from disk, a .wtns in memory.
 *   A = alpha + sum w_i A_i + r delta,  B = beta + sum w_i B_i + s delta,
 *   C = sum w_i C_i + sum h_j H_j + s A + r B1 - r s delta
 * h: the values of (A B - C) on the odd coset of the domain of 2n, as snarkjs computes them.
 * Source: Groth, On the size of pairing-based non-interactive arguments (2016), section 3.2; file formats of iden3.
 */
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include "../parallel/context.h"

namespace zkattr {

/** A file that is not what it claims to be; what() says section, expected and got. */
struct FormatError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/**
 * A mapped .zkey whose header, section table, sizes and coefficient indices were all checked once.
 * Its points are not: use a key file that you trust, or call checkPoints. The file must not be cut or rewritten in place while open.
 */
class Zkey {
 public:
  /** @throws FormatError, std::system_error */
  static std::shared_ptr<const Zkey> open(const std::string& path);
  virtual ~Zkey() = default;
  virtual uint32_t variables() const = 0;
  virtual uint32_t publics() const = 0;
  virtual uint32_t domain() const = 0;
};

/**
 * Are all points of the key on their curves, coordinates below q? Not asked when a key is opened: a key that a third party
 * altered can make proofs fail or, with points off the curve, leak the witness. Does not ask whether G2 points lie in the
 * subgroup, nor whether the key belongs to a circuit: that is for the verification of a setup. About 0.1 us a point.
 * @throws FormatError naming the first section with a wrong point
 */
void checkPoints(Context& context, const Zkey& zkey);

/**
 * @param wtns    bytes of a .wtns file (checked: magic, prime, count, values below r)
 * @param blinding r then s, canonical, 32 bytes each, fresh uniform below the modulus for every proof
 * @param proof   256 bytes out: A (64), B (128), C (64), affine Montgomery
 * @throws FormatError; std::invalid_argument for a blinding factor that is not below the modulus
 * Memory: 4 x 32 bytes for each element of the domain, or what a sum needs; nothing of the key is copied.
 */
void groth16Prove(Context& context, const Zkey& zkey, const uint8_t* wtns, size_t wtnsBytes, const uint8_t* blinding, uint8_t* proof);

}  // namespace zkattr
