#include "../curve/projective.h"
#include "../msm/msm.h"
#include "constraints.h"
#include "partContext.h"
#include "wtnsView.h"
#include "zkeyFile.h"

namespace zkattr {
using namespace groth16_detail;

namespace {

/** The five sums, and their share of the progress: about their share of the time. */
struct Sums {
  Point<G1> a, b1, c, h;
  Point<G2> b2;
};

template <class G>
Point<G> sum(Context& context, const uint8_t* bases, const uint8_t* scalars, size_t n) {
  alignas(64) uint8_t out[G::POINT_BYTES];
  if constexpr (std::is_same<G, G1>::value) {
    msmG1(context, bases, scalars, n, ScalarForm::Canonical, out);
  } else {
    msmG2(context, bases, scalars, n, ScalarForm::Canonical, out);
  }
  return loadPoint<G>(out);
}

Sums computeSums(Context& context, const ZkeyView& zkey, const uint8_t* witness) {
  const size_t variables = zkey.variables, domain = zkey.domain, first = size_t(zkey.publics) + 1;
  // Units of a G1 point: the transforms cost a third of a point for each element, G2 three times G1.
  const size_t quotient = domain / 3 + 1, total = quotient + domain + 5 * variables + (variables - first);
  size_t done = 0;
  const auto part = [&](size_t units) { return PartContext(context, (done += units) - units, units, total); };
  Sums out;
  {
    PartContext transforms = part(quotient), h = part(domain);
    const std::unique_ptr<uint8_t[]> scalars = quotientScalars(transforms, zkey, witness);
    out.h = sum<G1>(h, zkey.h, scalars.get(), domain);
  }
  PartContext a = part(variables), b1 = part(variables), c = part(variables - first), b2 = part(3 * variables);
  out.a = sum<G1>(a, zkey.a, witness, variables);
  out.b1 = sum<G1>(b1, zkey.b1, witness, variables);
  out.c = sum<G1>(c, zkey.c, witness + 32 * first, variables - first);
  out.b2 = sum<G2>(b2, zkey.b2, witness, variables);
  context.progress(total, total);
  return out;
}

/** point + scalar base */
template <class G>
Point<G> plusMultiple(const Point<G>& point, const Point<G>& base, const Fr& scalar) {
  return addPoints<G>(point, multiplyPoint<G>(base, scalar.v));
}

Fr blindingFactor(const uint8_t* bytes) {
  if (!isBelowModulus<FrModulus>(bytes)) throw std::invalid_argument("groth16Prove: blinding is not below the modulus");
  return Fr::load(bytes);
}

}  // namespace

void groth16Prove(Context& context, const Zkey& key, const uint8_t* wtns, size_t wtnsBytes, const uint8_t* blinding, uint8_t* proof) {
  const ZkeyView& zkey = viewOf(key);
  const WtnsView witness = parseWtns({wtns, wtnsBytes});
  if (witness.count != zkey.variables) failFormat("wtns", "number of values", std::to_string(zkey.variables) + ", as in the key", std::to_string(witness.count));
  const Fr r = blindingFactor(blinding), s = blindingFactor(blinding + 32);

  const Sums sums = computeSums(context, zkey, witness.values);
  const Point<G1> delta1 = loadPoint<G1>(zkey.delta1);
  const auto blinded = [](auto point, auto fixed, auto delta, const Fr& scalar) {
    using G = std::conditional_t<std::is_same<decltype(point), Point<G1>>::value, G1, G2>;
    return plusMultiple<G>(addPoints<G>(point, fixed), delta, scalar);
  };
  const Point<G1> a = blinded(sums.a, loadPoint<G1>(zkey.alpha1), delta1, r);
  const Point<G1> b1 = blinded(sums.b1, loadPoint<G1>(zkey.beta1), delta1, s);
  const Point<G2> b2 = blinded(sums.b2, loadPoint<G2>(zkey.beta2), loadPoint<G2>(zkey.delta2), s);
  Point<G1> c = addPoints<G1>(sums.c, sums.h);
  c = plusMultiple<G1>(c, a, s);
  c = plusMultiple<G1>(c, b1, r);
  c = plusMultiple<G1>(c, delta1, neg(mul(toMontgomery(r), s)));

  storePoint<G1>(a, proof);
  storePoint<G2>(b2, proof + 64);
  storePoint<G1>(c, proof + 192);
}

std::shared_ptr<const Zkey> Zkey::open(const std::string& path) { return std::make_shared<ZkeyFile>(path); }

}  // namespace zkattr
