/** The library as Node sees it: `isa`, `Pool`, one function for each kernel, and shutdown(). */
#include <napi.h>
#include "environment.h"
#include "register.h"

namespace {

#if defined(ZKATTR_ISA_IFMA)
constexpr const char* ISA = "ifma";
#elif defined(ZKATTR_ISA_ADX)
constexpr const char* ISA = "adx";
#else
constexpr const char* ISA = "portable";
#endif

Napi::Object start(Napi::Env env, Napi::Object exports) {
  zkattr::Environment::open(env);
  zkattr::registerPool(env, exports);
  zkattr::registerField(env, exports);
  zkattr::registerMsm(env, exports);
  zkattr::registerNtt(env, exports);
  zkattr::registerMultilinear(env, exports);
  zkattr::registerGroth16(env, exports);
  exports.Set("isa", Napi::String::New(env, ISA));
  // For the end of the process, of which Node tells JavaScript but not libraries: threads end before static data does.
  exports.Set("shutdown", Napi::Function::New(env, [](const Napi::CallbackInfo& info) { zkattr::Environment::of(info.Env()).shutdown(); }));
  return exports;
}

}  // namespace

NODE_API_MODULE(zkattr, start)
