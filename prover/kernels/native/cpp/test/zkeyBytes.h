/** Small .zkey and .wtns files made in memory: every point a known multiple of the generator, sparse random matrices. */
#pragma once
#include <string>
#include "../groth16/zkeyView.h"
#include "check.h"
#include "points.h"

namespace zkattr {

struct Section {
  uint32_t id;
  std::vector<uint8_t> bytes;
};

inline void put(std::vector<uint8_t>& out, const void* data, size_t size) { out.insert(out.end(), (const uint8_t*)data, (const uint8_t*)data + size); }
inline void put32(std::vector<uint8_t>& out, uint32_t x) { put(out, &x, 4); }
inline void put64(std::vector<uint8_t>& out, uint64_t x) { put(out, &x, 8); }

inline std::vector<uint8_t> containerBytes(const char* magic, uint32_t version, const std::vector<Section>& sections) {
  std::vector<uint8_t> out;
  put(out, magic, 4);
  put32(out, version);
  put32(out, uint32_t(sections.size()));
  for (const Section& section : sections) {
    put32(out, section.id);
    put64(out, section.bytes.size());
    put(out, section.bytes.data(), section.bytes.size());
  }
  return out;
}

struct CoefficientEntry {
  uint32_t matrix, constraint, signal;
  /** Montgomery. */
  Fr value;
};

/** What a key is made of: logarithms instead of points, Montgomery. */
struct ToyKey {
  uint32_t variables, publics, domain;
  Fr alpha, beta, gamma, delta;
  std::vector<Fr> ic, a, b, c, h;
  std::vector<CoefficientEntry> entries;

  ToyKey(uint32_t variables, uint32_t publics, uint32_t domain, Random& random) : variables(variables), publics(publics), domain(domain) {
    for (Fr* x : {&alpha, &beta, &gamma, &delta}) *x = random.element<FrModulus>();
    const auto fill = [&](std::vector<Fr>& logs, size_t n) {
      for (size_t i = 0; i < n; i++) logs.push_back(random.below(5) ? random.element<FrModulus>() : Fr::zero());
    };
    fill(ic, publics + 1);
    fill(a, variables);
    fill(b, variables);
    fill(c, variables - publics - 1);
    fill(h, domain);
    for (uint32_t constraint = 0; constraint < domain; constraint++)
      for (uint32_t matrix = 0; matrix < 2; matrix++)
        for (uint64_t i = random.below(4); i > 0; i--) entries.push_back({matrix, constraint, uint32_t(random.below(variables)), random.edgy<FrModulus>()});
  }

  template <class G>
  static void point(std::vector<uint8_t>& out, const Fr& log) {
    uint8_t bytes[G::POINT_BYTES];
    storePoint<G>(multiplyPoint<G>(generator<G>(), fromMontgomery(log).v), bytes);
    put(out, bytes, sizeof bytes);
  }
  template <class G>
  static Section points(uint32_t id, const std::vector<Fr>& logs) {
    Section out{id, {}};
    for (const Fr& log : logs) point<G>(out.bytes, log);
    return out;
  }

  std::vector<Section> sections() const {
    Section protocol{1, {}}, header{2, {}}, coefficients{4, {}};
    put32(protocol.bytes, 1);
    put32(header.bytes, 32);
    put(header.bytes, FqModulus::P.data(), 32);
    put32(header.bytes, 32);
    put(header.bytes, FrModulus::P.data(), 32);
    for (uint32_t x : {variables, publics, domain}) put32(header.bytes, x);
    point<G1>(header.bytes, alpha);
    point<G1>(header.bytes, beta);
    point<G2>(header.bytes, beta);
    point<G2>(header.bytes, gamma);
    point<G1>(header.bytes, delta);
    point<G2>(header.bytes, delta);
    put32(coefficients.bytes, uint32_t(entries.size()));
    for (const CoefficientEntry& entry : entries) {
      for (uint32_t x : {entry.matrix, entry.constraint, entry.signal}) put32(coefficients.bytes, x);
      // As an integer: value x 2^512.
      const Fr stored = toMontgomery(entry.value);
      put(coefficients.bytes, &stored, 32);
    }
    return {protocol, header, coefficients, points<G1>(3, ic), points<G1>(9, h), points<G1>(8, c), points<G1>(5, a), points<G1>(6, b), points<G2>(7, b), {10, std::vector<uint8_t>(68)}};
  }
  std::vector<uint8_t> bytes() const { return containerBytes("zkey", 1, sections()); }
};

/** @param values canonical */
inline std::vector<uint8_t> wtnsBytes(const std::vector<Fr>& values) {
  Section header{1, {}}, data{2, {}};
  put32(header.bytes, 32);
  put(header.bytes, FrModulus::P.data(), 32);
  put32(header.bytes, uint32_t(values.size()));
  put(data.bytes, values.data(), 32 * values.size());
  return containerBytes("wtns", 2, {header, data});
}

/** w_0 = 1; half of the others 0, 1 or small. */
inline std::vector<Fr> randomWitness(size_t n, Random& random) {
  std::vector<Fr> out{Fr{{1, 0, 0, 0}}};
  while (out.size() < n) out.push_back(random.below(2) ? random.edgy<FrModulus>() : Fr{{random.below(3), 0, 0, 0}});
  return out;
}

}  // namespace zkattr
