#include "poolObject.h"
#include "register.h"

namespace zkattr {
namespace {

/** Tells pools from other wrapped objects, so that a wrong argument is an error and not a wild pointer. */
constexpr napi_type_tag TAG{0x7a6b617474722d70, 0x6f6f6c2d6f626a31};
/** Beyond the cores of any machine; a typing error in a thread count should not exhaust the system. */
constexpr int MAX_THREADS = 1024;

}  // namespace

int PoolObject::threadsOf(const Napi::CallbackInfo& info) {
  const double threads = info.Length() > 0 && info[0].IsNumber() ? info[0].As<Napi::Number>().DoubleValue() : 0;
  if (!(threads >= 1 && threads <= MAX_THREADS) || threads != static_cast<int>(threads)) {
    throw Napi::RangeError::New(info.Env(), "Pool: threads: expected an integer from 1 to 1024");
  }
  return static_cast<int>(threads);
}

PoolObject::PoolObject(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<PoolObject>(info), pool_(threadsOf(info)), environment_(Environment::shared(info.Env())) {
  napi_type_tag_object(info.Env(), info.This(), &TAG);
  environment_->add(pool_);
}

PoolObject::~PoolObject() {
  if (environment_) environment_->remove(pool_);
}

PoolObject* PoolObject::from(const Napi::Value& value) {
  bool tagged = false;
  if (!value.IsObject() || napi_check_object_type_tag(value.Env(), value, &TAG, &tagged) != napi_ok || !tagged) return nullptr;
  return PoolObject::Unwrap(value.As<Napi::Object>());
}

Napi::Value PoolObject::close(const Napi::CallbackInfo& info) {
  pool_.close();
  return info.Env().Undefined();
}

Napi::Function PoolObject::define(Napi::Env env) {
  return DefineClass(env, "Pool", {InstanceMethod<&PoolObject::close>("close")});
}

void registerPool(Napi::Env env, Napi::Object exports) { exports.Set("Pool", PoolObject::define(env)); }

}  // namespace zkattr
