#include "wtnsView.h"

namespace zkattr {
namespace groth16_detail {

WtnsView parseWtns(Bytes bytes) {
  const Container file(bytes, "wtns", 2, 2);
  const uint8_t* header = file.section(1, 4 + 32 + 4).data;
  if (readU32(header) != 32 || !isModulus<FrModulus>(header + 4)) failFormat(file.where(1), "prime", "that of BN254's scalars", "another");
  WtnsView out{};
  out.count = readU32(header + 36);
  out.values = file.section(2, 32 * uint64_t(out.count)).data;
  if (out.count == 0) failFormat(file.where(2), "number of values", "1 or more", "0");
  for (size_t i = 0; i < out.count; i++)
    if (!isBelowModulus<FrModulus>(out.values + 32 * i)) failFormat(file.where(2), "value " + std::to_string(i), "below the modulus", "a larger one");
  static constexpr uint8_t ONE[32] = {1};
  if (std::memcmp(out.values, ONE, 32) != 0) failFormat(file.where(2), "value 0", "1", "another");
  return out;
}

}  // namespace groth16_detail
}  // namespace zkattr
