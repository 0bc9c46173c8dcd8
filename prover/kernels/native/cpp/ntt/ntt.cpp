#include "ntt.h"
#include "transform.h"

namespace zkattr {

void ntt(Context& context, uint8_t* values, unsigned log, bool inverse, const uint8_t* shift) {
  const Transform transform(log, inverse, shift ? std::optional<Fr>(Fr::load(shift)) : std::nullopt);
  // Not zeroed: written before it is read.
  const std::unique_ptr<uint8_t[]> scratch(new uint8_t[size_t(32) << log]);
  transform.run(context, values, scratch.get());
}

}  // namespace zkattr
