#include "zkeyView.h"
#include "../field/modulus.h"

namespace zkattr {
namespace groth16_detail {
namespace {

constexpr uint32_t GROTH16 = 1, SECTIONS = 10;
constexpr uint64_t G1_BYTES = 64, G2_BYTES = 128;
constexpr uint32_t MAX_DOMAIN = uint32_t(1) << 28;

/** Checks every entry and groups them by constraint; with an index only where they do not lie in that order. */
Coefficients groupByConstraint(const Container& file, uint32_t variables, uint32_t domain) {
  const std::string where = file.where(4);
  const Bytes section = file.section(4);
  if (section.size < 4) failFormat(where, "wrong size", "4 bytes or more", std::to_string(section.size));
  const uint32_t count = readU32(section.data);
  file.section(4, 4 + uint64_t(count) * Coefficients::ENTRY_BYTES);
  Coefficients out;
  out.entries = section.data + 4;
  out.starts.assign(size_t(domain) + 1, 0);
  bool sorted = true;
  uint32_t previous = 0;
  for (uint32_t i = 0; i < count; i++) {
    const uint8_t* entry = out.entries + size_t(i) * Coefficients::ENTRY_BYTES;
    const auto fail = [&](const char* what, uint64_t limit, uint32_t got) {
      failFormat(where + ", entry " + std::to_string(i), what, "below " + std::to_string(limit), std::to_string(got));
    };
    const uint32_t matrix = Coefficients::matrix(entry), constraint = readU32(entry + 4), signal = Coefficients::signal(entry);
    if (matrix > 1) fail("matrix", 2, matrix);
    if (constraint >= domain) fail("constraint", domain, constraint);
    if (signal >= variables) fail("signal", variables, signal);
    if (!isBelowModulus<FrModulus>(Coefficients::value(entry))) failFormat(where + ", entry " + std::to_string(i), "value", "below the modulus", "a larger one");
    sorted &= constraint >= previous;
    previous = constraint;
    out.starts[size_t(constraint) + 1]++;
  }
  for (size_t c = 0; c < domain; c++) out.starts[c + 1] += out.starts[c];
  if (sorted) return out;
  out.order.resize(count);
  std::vector<uint32_t> next(out.starts.begin(), out.starts.end() - 1);
  for (uint32_t i = 0; i < count; i++) out.order[next[readU32(out.entries + size_t(i) * Coefficients::ENTRY_BYTES + 4)]++] = i;
  return out;
}

}  // namespace

ZkeyView parseZkey(Bytes bytes) {
  const Container file(bytes, "zkey", 1, SECTIONS);
  const uint32_t protocol = readU32(file.section(1, 4).data);
  if (protocol != GROTH16) failFormat(file.where(1), "protocol", "1 (Groth16)", std::to_string(protocol));

  const uint8_t* header = file.section(2, 4 + 32 + 4 + 32 + 12 + 3 * G1_BYTES + 3 * G2_BYTES).data;
  if (readU32(header) != 32 || !isModulus<FqModulus>(header + 4)) failFormat(file.where(2), "base field", "that of BN254", "another");
  if (readU32(header + 36) != 32 || !isModulus<FrModulus>(header + 40)) failFormat(file.where(2), "scalar field", "that of BN254", "another");
  ZkeyView out{};
  out.variables = readU32(header + 72);
  out.publics = readU32(header + 76);
  out.domain = readU32(header + 80);
  if (out.publics >= out.variables) failFormat(file.where(2), "public signals", "fewer than " + std::to_string(out.variables) + " variables", std::to_string(out.publics));
  if (out.domain == 0 || (out.domain & (out.domain - 1)) != 0 || out.domain > MAX_DOMAIN) failFormat(file.where(2), "domain", "a power of two up to 2^28", std::to_string(out.domain));
  while ((uint32_t(1) << out.log) < out.domain) out.log++;
  const uint8_t* at = header + 84;
  const auto take = [&at](uint64_t size) { return (at += size) - size; };
  out.alpha1 = take(G1_BYTES);
  out.beta1 = take(G1_BYTES);
  out.beta2 = take(G2_BYTES);
  out.gamma2 = take(G2_BYTES);
  out.delta1 = take(G1_BYTES);
  out.delta2 = take(G2_BYTES);

  out.ic = file.section(3, G1_BYTES * (uint64_t(out.publics) + 1)).data;
  out.a = file.section(5, G1_BYTES * out.variables).data;
  out.b1 = file.section(6, G1_BYTES * out.variables).data;
  out.b2 = file.section(7, G2_BYTES * out.variables).data;
  out.c = file.section(8, G1_BYTES * (out.variables - out.publics - 1)).data;
  out.h = file.section(9, G1_BYTES * out.domain).data;
  // Last: its index takes memory in proportion to the domain, which section 9 has now borne out.
  out.coefficients = groupByConstraint(file, out.variables, out.domain);
  return out;
}

}  // namespace groth16_detail
}  // namespace zkattr
