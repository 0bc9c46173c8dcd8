/** Points whose discrete logarithms are known: P_i = (i + 1) G, so that a sum can be checked by one multiplication. */
#pragma once
#include <algorithm>
#include <vector>
#include "../curve/projective.h"

namespace zkattr {

template <class F>
inline Element<F> fromDecimal(const char* digits) {
  Element<F> ten = Element<F>::zero(), out = ten;
  for (int i = 0; i < 10; i++) ten = add(ten, Element<F>::one());
  for (; *digits; digits++) {
    out = mul(out, ten);
    for (int i = 0; i < *digits - '0'; i++) out = add(out, Element<F>::one());
  }
  return out;
}

template <class G>
Point<G> generator();
template <>
inline Point<G1> generator<G1>() {
  return {Fq::one(), twice(Fq::one()), Fq::one()};
}
/** Source: EIP-197. */
template <>
inline Point<G2> generator<G2>() {
  return {{fromDecimal<FqModulus>("10857046999023057135944570762232829481370756359578518086990519993285655852781"), fromDecimal<FqModulus>("11559732032986387107991004021392285783925812861821192530917403151452391805634")},
          {fromDecimal<FqModulus>("8495653923123431417604973247489272438418190587263600148770280649306958101930"), fromDecimal<FqModulus>("4082367875863433681332203403145435568316851327593401208105741076214120093531")},
          Fq2::one()};
}

/** (first + i) G, i < n, affine. */
template <class G>
inline std::vector<uint8_t> multiplesOfGenerator(size_t n) {
  using E = typename G::Element;
  std::vector<uint8_t> out(n * G::POINT_BYTES);
  constexpr size_t BATCH = 4096;
  Point<G> next = generator<G>();
  for (size_t from = 0; from < n; from += BATCH) {
    std::vector<Point<G>> points;
    std::vector<E> before;
    E product = E::one();
    for (size_t i = from; i < std::min(n, from + BATCH); i++) {
      points.push_back(next);
      before.push_back(product);
      product = mul(product, next.z);
      next = addPoints<G>(next, generator<G>());
    }
    E inverted = inverse(product);
    for (size_t i = points.size(); i-- > 0;) {
      const E z = mul(inverted, before[i]);
      inverted = mul(inverted, points[i].z);
      mul(points[i].x, z).store(&out[(from + i) * G::POINT_BYTES]);
      mul(points[i].y, z).store(&out[(from + i) * G::POINT_BYTES + G::COORDINATE_BYTES]);
    }
  }
  return out;
}

}  // namespace zkattr
