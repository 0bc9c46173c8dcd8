/**
 * Proofs over toy keys whose logarithms are known equal the defining sums of logarithms: random matrices and witnesses
 * (a proof's points are defined whether or not the witness satisfies anything), the quotient by its definition.
 */
#include "../groth16/zkeyFile.h"
#include "../ntt/roots.h"
#include "teamContext.h"
#include "zkeyBytes.h"

using namespace zkattr;
using Values = std::vector<Fr>;

static Fr dot(const Values& logs, const Values& scalars, size_t first) {
  Fr sum = Fr::zero();
  for (size_t i = 0; i < logs.size(); i++) sum = add(sum, mul(logs[i], scalars[first + i]));
  return sum;
}
/** Value at x of the polynomial that takes `values` on the powers of w: barycentric, x not among them. */
static Fr interpolate(const Values& values, const Fr& w, const Fr& x) {
  Fr sum = Fr::zero(), power = Fr::one(), n = Fr::zero(), vanishing = Fr::one();
  for (const Fr& value : values) {
    sum = add(sum, mul(mul(value, power), inverse(sub(x, power))));
    power = mul(power, w);
    n = add(n, Fr::one());
    vanishing = mul(vanishing, x);
  }
  return mul(mul(sub(vanishing, Fr::one()), inverse(n)), sum);
}

static void proofs(uint32_t variables, uint32_t publics, unsigned log, bool shuffled, int threads) {
  Random random(variables + 100 * log);
  ToyKey key(variables, publics, uint32_t(1) << log, random);
  if (shuffled) std::shuffle(key.entries.begin(), key.entries.end(), random.engine);
  const Values canonical = randomWitness(variables, random);
  Values w;
  for (const Fr& x : canonical) w.push_back(toMontgomery(x));

  Values rows[3];
  for (Values& values : rows) values.assign(key.domain, Fr::zero());
  for (const CoefficientEntry& e : key.entries) rows[e.matrix][e.constraint] = add(rows[e.matrix][e.constraint], mul(e.value, w[e.signal]));
  for (size_t i = 0; i < key.domain; i++) rows[2][i] = mul(rows[0][i], rows[1][i]);
  const Fr root = ntt_detail::rootOfUnity(log), shift = ntt_detail::rootOfUnity(log + 1);
  Values h;
  for (size_t i = 0; i < key.domain; i++) {
    const Fr x = mul(shift, power(root, i));
    h.push_back(sub(mul(interpolate(rows[0], root, x), interpolate(rows[1], root, x)), interpolate(rows[2], root, x)));
  }

  const Fr blinding[2] = {random.edgy<FrModulus>(), random.edgy<FrModulus>()};
  const Fr r = toMontgomery(blinding[0]), s = toMontgomery(blinding[1]);
  const Fr a = add(add(key.alpha, dot(key.a, w, 0)), mul(r, key.delta));
  const Fr b = add(add(key.beta, dot(key.b, w, 0)), mul(s, key.delta));
  const Fr c = sub(add(add(dot(key.c, w, publics + 1), dot(key.h, h, 0)), add(mul(s, a), mul(r, b))), mul(mul(r, s), key.delta));
  std::vector<uint8_t> expected;
  ToyKey::point<G1>(expected, a);
  ToyKey::point<G2>(expected, b);
  ToyKey::point<G1>(expected, c);

  const std::vector<uint8_t> file = key.bytes(), wtns = wtnsBytes(canonical);
  const groth16_detail::ZkeyFile zkey(groth16_detail::Bytes{file.data(), file.size()});
  TeamContext context(threads);
  std::vector<uint8_t> proof(256);
  groth16Prove(context, zkey, wtns.data(), wtns.size(), reinterpret_cast<const uint8_t*>(blinding), proof.data());
  CHECK(std::equal(proof.begin(), proof.begin() + 64, expected.begin()), "A: %u variables, 2^%u", variables, log);
  CHECK(std::equal(proof.begin() + 64, proof.begin() + 192, expected.begin() + 64), "B: %u variables, 2^%u", variables, log);
  CHECK(std::equal(proof.begin() + 192, proof.end(), expected.begin() + 192), "C: %u variables, 2^%u", variables, log);
  CHECK(context.wrongProgress == 0 && context.completed > 0, "progress");

  const auto refused = [&](auto run) {
    try {
      run();
      return 0;
    } catch (const FormatError&) {
      return 1;
    } catch (const std::invalid_argument&) {
      return 2;
    }
  };
  const std::vector<uint8_t> other = wtnsBytes(randomWitness(variables + 1, random));
  CHECK(refused([&] { groth16Prove(context, zkey, other.data(), other.size(), reinterpret_cast<const uint8_t*>(blinding), proof.data()); }) == 1, "a longer witness");
  const Limbs4 large[2] = {{1, 0, 0, 0}, FrModulus::P};
  CHECK(refused([&] { groth16Prove(context, zkey, wtns.data(), wtns.size(), reinterpret_cast<const uint8_t*>(large), proof.data()); }) == 2, "a blinding factor of r");
}

int main() {
  for (unsigned log = 0; log <= 7; log++) proofs(3 + 5 * log, log % 3, log, log % 2, 1 + int(log % 3));
  proofs(1, 0, 2, false, 1);
  proofs(200, 199, 6, true, 2);
  return report("groth16");
}
