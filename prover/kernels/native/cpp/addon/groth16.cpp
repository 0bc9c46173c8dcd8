/** groth16/groth16.h for JavaScript. */
#include "../groth16/groth16.h"
#include "arguments.h"
#include "register.h"

namespace zkattr {
namespace {

constexpr size_t FR_BYTES = 32, PROOF_BYTES = 256;
constexpr napi_type_tag TAG{0x7a6b617474722d7a, 0x6b65792d66696c65};

using Handle = std::shared_ptr<const Zkey>;

/** { variables, publics, domain, close() }; the mapped file lies behind it until close() or collection. */
Napi::Value wrap(Napi::Env env, Handle zkey) {
  const Napi::Object object = Napi::Object::New(env);
  object.Set("variables", Napi::Number::New(env, zkey->variables()));
  object.Set("publics", Napi::Number::New(env, zkey->publics()));
  object.Set("domain", Napi::Number::New(env, zkey->domain()));
  auto* handle = new Handle(std::move(zkey));
  const auto collect = [](napi_env, void* data, void*) { delete static_cast<Handle*>(data); };
  if (napi_wrap(env, object, handle, collect, nullptr, nullptr) != napi_ok || napi_type_tag_object(env, object, &TAG) != napi_ok) {
    throw Napi::Error::New(env, "openZkey: cannot make the handle");
  }
  return object;
}

/** The handle behind a value, or null for anything else. */
Handle* handleOf(const Napi::Value& value) {
  bool tagged = false;
  void* data = nullptr;
  if (!value.IsObject() || napi_check_object_type_tag(value.Env(), value, &TAG, &tagged) != napi_ok || !tagged) return nullptr;
  return napi_unwrap(value.Env(), value, &data) == napi_ok ? static_cast<Handle*>(data) : nullptr;
}

/** (pool, path, options) -> the handle */
Napi::Value open(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "openZkey");
  const std::string path = arguments.text("path");
  const auto opened = std::make_shared<Handle>();
  const auto read = [=](Context&) {
    try {
      *opened = Zkey::open(path);
    } catch (const FormatError& error) {
      throw FormatError(path + ": " + error.what());
    }
  };
  return arguments.launch(read, [=](Napi::Env env) { return wrap(env, *opened); });
}

/** (handle): unmaps the file once no proof uses it. */
Napi::Value close(const Napi::CallbackInfo& info) {
  if (Handle* handle = handleOf(info[0])) handle->reset();
  return info.Env().Undefined();
}

/** (pool, handle, options) */
Napi::Value check(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "checkPoints");
  Handle* const handle = handleOf(arguments.value());
  arguments.require(handle != nullptr && *handle != nullptr, "zkey", "a handle of openZkey that is not closed");
  return arguments.launch([zkey = *handle](Context& context) { checkPoints(context, *zkey); });
}

/** (pool, handle, wtns, blinding, proof, options) */
Napi::Value prove(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "groth16Prove");
  Handle* const handle = handleOf(arguments.value());
  arguments.require(handle != nullptr && *handle != nullptr, "zkey", "a handle of openZkey that is not closed");
  const Memory wtns = arguments.bytes("wtns");
  const uint8_t* blinding = arguments.exactly("blinding", 2, FR_BYTES);
  uint8_t* proof = arguments.exactly("proof", 1, PROOF_BYTES);
  return arguments.launch([zkey = *handle, wtns, blinding, proof](Context& context) { groth16Prove(context, *zkey, wtns.data, wtns.bytes, blinding, proof); });
}

}  // namespace

void registerGroth16(Napi::Env env, Napi::Object exports) {
  exports.Set("openZkey", Napi::Function::New<open>(env));
  exports.Set("closeZkey", Napi::Function::New<close>(env));
  exports.Set("checkPoints", Napi::Function::New<check>(env));
  exports.Set("groth16Prove", Napi::Function::New<prove>(env));
}

}  // namespace zkattr
