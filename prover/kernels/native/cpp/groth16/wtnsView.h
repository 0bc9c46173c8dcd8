/**
 * A witness file of circom in memory: section 1 is n8 u32 (32), r, count u32; section 2 the values, canonical, 32 bytes each,
 * w_0 = 1, then outputs and public inputs, then all others.
 */
#pragma once
#include "container.h"

namespace zkattr {
namespace groth16_detail {

struct WtnsView {
  uint32_t count;
  const uint8_t* values;
};

/**
 * Checks the container, the prime, the count, that every value is below r and that the first is 1.
 * @param file lives as long as the view
 * @throws FormatError
 */
WtnsView parseWtns(Bytes file);

}  // namespace groth16_detail
}  // namespace zkattr
