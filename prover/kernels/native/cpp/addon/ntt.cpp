/** ntt/ntt.h for JavaScript. */
#include "../ntt/ntt.h"
#include "arguments.h"
#include "register.h"

namespace zkattr {
namespace {

constexpr size_t FR_BYTES = 32;
/** r - 1 is divisible by 2^28. */
constexpr unsigned MAX_LOG = 28;

/** (pool, values in and out, inverse, shift | undefined, options) */
Napi::Value transform(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "ntt");
  size_t n = 0;
  uint8_t* values = arguments.entries("values", FR_BYTES, n);
  unsigned log = 0;
  while (log < MAX_LOG && (size_t{1} << log) < n) log++;
  arguments.require(n == size_t{1} << log, "values", "2^0 to 2^28 elements");
  const bool inverse = arguments.boolean("inverse");
  const uint8_t* shift = arguments.optional("shift", FR_BYTES);
  return arguments.launch([=](Context& context) { ntt(context, values, log, inverse, shift); });
}

}  // namespace

void registerNtt(Napi::Env env, Napi::Object exports) { exports.Set("ntt", Napi::Function::New<transform>(env)); }

}  // namespace zkattr
