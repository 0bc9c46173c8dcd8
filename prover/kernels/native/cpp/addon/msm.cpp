/** msm/msm.h for JavaScript. */
#include "../msm/msm.h"
#include "arguments.h"
#include "register.h"

namespace zkattr {
namespace {

constexpr size_t FR_BYTES = 32, G1_BYTES = 64, G2_BYTES = 128;

using Msm = void (*)(Context&, const uint8_t*, const uint8_t*, size_t, ScalarForm, uint8_t*);
using FixedBase = void (*)(Context&, const uint8_t*, const uint8_t*, size_t, uint8_t*);

/** (pool, bases, scalars, 'montgomery' | 'canonical', out, options) */
Napi::Value msm(const Napi::CallbackInfo& info, const char* name, Msm run, size_t pointBytes) {
  Arguments arguments(info, name);
  const Memory bases = arguments.bytes("bases");
  size_t n = 0;
  const uint8_t* scalars = arguments.entries("scalars", FR_BYTES, n);
  arguments.require(bases.bytes >= n * pointBytes, "bases", "at least " + std::to_string(n) + " points");
  const std::string form = arguments.text("form");
  arguments.require(form == "montgomery" || form == "canonical", "form", "montgomery or canonical");
  uint8_t* out = arguments.exactly("out", 1, pointBytes);
  return arguments.launch([=](Context& context) {
    run(context, bases.data, scalars, n, form == "montgomery" ? ScalarForm::Montgomery : ScalarForm::Canonical, out);
  });
}

/** (pool, base, scalars, out, options) */
Napi::Value fixedBase(const Napi::CallbackInfo& info, const char* name, FixedBase run, size_t pointBytes) {
  Arguments arguments(info, name);
  const uint8_t* base = arguments.exactly("base", 1, pointBytes);
  size_t n = 0;
  const uint8_t* scalars = arguments.entries("scalars", FR_BYTES, n);
  uint8_t* out = arguments.exactly("out", n, pointBytes);
  return arguments.launch([=](Context& context) { run(context, base, scalars, n, out); });
}

Napi::Value ofG1(const Napi::CallbackInfo& info) { return msm(info, "msmG1", msmG1, G1_BYTES); }
Napi::Value ofG2(const Napi::CallbackInfo& info) { return msm(info, "msmG2", msmG2, G2_BYTES); }
Napi::Value fixedG1(const Napi::CallbackInfo& info) { return fixedBase(info, "fixedBaseG1", fixedBaseG1, G1_BYTES); }
Napi::Value fixedG2(const Napi::CallbackInfo& info) { return fixedBase(info, "fixedBaseG2", fixedBaseG2, G2_BYTES); }

/** (pool, bases, table of small integers, out, options) */
Napi::Value ofSmall(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "msmSmallG1");
  const Memory bases = arguments.bytes("bases");
  const TableView scalars = arguments.table("scalars");
  arguments.require(scalars.kind != TableKind::Fr, "scalars", "kind bit, int8 or int16");
  arguments.require(bases.bytes >= scalars.length * G1_BYTES, "bases", "at least " + std::to_string(scalars.length) + " points");
  uint8_t* out = arguments.exactly("out", 1, G1_BYTES);
  const IntKind kind = scalars.kind == TableKind::Bit ? IntKind::Bit : scalars.kind == TableKind::Int8 ? IntKind::Int8 : IntKind::Int16;
  return arguments.launch([=](Context& context) { msmSmallG1(context, bases.data, kind, scalars.data, scalars.length, out); });
}

}  // namespace

void registerMsm(Napi::Env env, Napi::Object exports) {
  exports.Set("msmG1", Napi::Function::New<ofG1>(env));
  exports.Set("msmG2", Napi::Function::New<ofG2>(env));
  exports.Set("msmSmallG1", Napi::Function::New<ofSmall>(env));
  exports.Set("fixedBaseG1", Napi::Function::New<fixedG1>(env));
  exports.Set("fixedBaseG2", Napi::Function::New<fixedG2>(env));
}

}  // namespace zkattr
