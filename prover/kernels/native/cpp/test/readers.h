/** Parses what claims to be a key or a witness and then reads everything that the view promises. */
#pragma once
#include "../groth16/groth16.h"
#include "../groth16/wtnsView.h"
#include "../groth16/zkeyView.h"

namespace zkattr {

/** First and last byte of a range; a sanitizer sees what lies outside. */
inline unsigned touch(const uint8_t* at, size_t size) { return size ? unsigned(at[0]) + at[size - 1] : 0; }

/** @throws FormatError and nothing else */
inline unsigned readZkey(groth16_detail::Bytes bytes) {
  using namespace groth16_detail;
  const ZkeyView view = parseZkey(bytes);
  const size_t variables = view.variables, publics = view.publics;
  unsigned sum = touch(view.ic, 64 * (publics + 1)) + touch(view.a, 64 * variables) + touch(view.b1, 64 * variables) + touch(view.b2, 128 * variables) +
                 touch(view.c, 64 * (variables - publics - 1)) + touch(view.h, 64 * size_t(view.domain)) + touch(view.alpha1, 64) + touch(view.delta2, 128);
  std::vector<bool> seen(view.coefficients.starts.back());
  for (size_t constraint = 0; constraint < view.domain; constraint++)
    for (size_t i = view.coefficients.starts[constraint]; i < view.coefficients.starts[constraint + 1]; i++) {
      const uint8_t* entry = view.coefficients.entry(i);
      if (readU32(entry + 4) != constraint || Coefficients::matrix(entry) > 1 || Coefficients::signal(entry) >= variables || seen[i]) __builtin_trap();
      seen[i] = true;
      sum += touch(Coefficients::value(entry), 32);
    }
  return sum;
}
/** @throws FormatError and nothing else */
inline unsigned readWtns(groth16_detail::Bytes bytes) {
  const auto view = groth16_detail::parseWtns(bytes);
  return touch(view.values, 32 * size_t(view.count));
}

}  // namespace zkattr
