#include "../curve/group.h"
#include "zkeyFile.h"

namespace zkattr {
namespace groth16_detail {
namespace {

constexpr size_t POINTS = 4096;

/** Infinity, or 3 y^2 = 3 x^3 + 3 b with canonical coordinates. */
template <class G>
bool isOnCurve(const uint8_t* bytes) {
  using E = typename G::Element;
  static const E b3 = G::b3();
  for (size_t at = 0; at < G::POINT_BYTES; at += 32)
    if (!isBelowModulus<FqModulus>(bytes + at)) return false;
  const E x = E::load(bytes), y = E::load(bytes + G::COORDINATE_BYTES);
  return (x.isZero() && y.isZero()) || triple(square(y)) == add(triple(mul(square(x), x)), b3);
}

template <class G>
void check(Context& context, const char* where, const uint8_t* points, size_t n) {
  context.parallelFor((n + POINTS - 1) / POINTS, [&](size_t task, int) {
    for (size_t i = task * POINTS; i < n && i < (task + 1) * POINTS; i++)
      if (!isOnCurve<G>(points + G::POINT_BYTES * i)) failFormat(where, "point " + std::to_string(i), "one of the curve", "another");
  });
}

}  // namespace
}  // namespace groth16_detail

void checkPoints(Context& context, const Zkey& key) {
  using namespace groth16_detail;
  const ZkeyView& zkey = viewOf(key);
  const size_t variables = zkey.variables, publics = zkey.publics;
  // As they lie in the header: alpha1, beta1, beta2, gamma2, delta1, delta2.
  check<G1>(context, "zkey section 2, alpha1 and beta1", zkey.alpha1, 2);
  check<G2>(context, "zkey section 2, beta2 and gamma2", zkey.beta2, 2);
  check<G1>(context, "zkey section 2, delta1", zkey.delta1, 1);
  check<G2>(context, "zkey section 2, delta2", zkey.delta2, 1);
  check<G1>(context, "zkey section 3", zkey.ic, publics + 1);
  check<G1>(context, "zkey section 5", zkey.a, variables);
  check<G1>(context, "zkey section 6", zkey.b1, variables);
  check<G2>(context, "zkey section 7", zkey.b2, variables);
  check<G1>(context, "zkey section 8", zkey.c, variables - publics - 1);
  check<G1>(context, "zkey section 9", zkey.h, zkey.domain);
}

}  // namespace zkattr
