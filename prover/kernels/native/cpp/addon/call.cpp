#include "call.h"
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include "../groth16/groth16.h"

namespace zkattr {
namespace {

Napi::Error make(Napi::Env env, const char* code, const char* name, const char* what) {
  Napi::Error error = Napi::Error::New(env, std::string(name) + ": " + what);
  error.Set("code", Napi::String::New(env, code));
  return error;
}

}  // namespace

Napi::Error toError(Napi::Env env, std::exception_ptr pending, const char* name) {
  try {
    std::rethrow_exception(pending);
  } catch (const Cancelled& e) {
    return make(env, "ZKATTR_CANCELLED", name, e.what());
  } catch (const FormatError& e) {
    return make(env, "ZKATTR_FORMAT", name, e.what());
  } catch (const std::system_error& e) {
    return make(env, "ZKATTR_SYSTEM", name, e.what());
  } catch (const std::bad_alloc&) {
    return make(env, "ZKATTR_MEMORY", name, "out of memory");
  } catch (const std::invalid_argument& e) {
    return make(env, "ZKATTR_ARGUMENT", name, e.what());
  } catch (const std::exception& e) {
    return make(env, "ZKATTR_INTERNAL", name, e.what());
  } catch (...) {
    return make(env, "ZKATTR_INTERNAL", name, "unknown exception");
  }
}

Call::Call(Napi::Env env, const char* name, Body body, Result result)
    : environment_(Environment::of(env)), name_(name), body_(std::move(body)), result_(std::move(result)), deferred_(Napi::Promise::Deferred::New(env)) {}

bool Call::aborted() const noexcept { return flag_ != nullptr && __atomic_load_n(flag_, __ATOMIC_RELAXED) != 0; }

void Call::report(size_t done, size_t total) noexcept {
  if (!progress_.IsEmpty()) environment_.post({this, false, done, total});
}

void Call::finish(std::exception_ptr error) noexcept {
  error_ = std::move(error);
  environment_.post({this, true, 0, 0});
}

void Call::deliverProgress(Napi::Env env, size_t done, size_t total) noexcept {
  try {
    const Napi::HandleScope scope(env);
    progress_.Call({Napi::Number::New(env, static_cast<double>(done)), Napi::Number::New(env, static_cast<double>(total))});
  } catch (...) {
    // The environment is ending, or the callback threw: the TypeScript side hands in one that does not.
  }
}

void Call::settle(Napi::Env env) noexcept {
  try {
    const Napi::HandleScope scope(env);
    if (error_) deferred_.Reject(toError(env, error_, name_).Value());
    else deferred_.Resolve(result_ ? result_(env) : env.Undefined());
  } catch (...) {
    // The environment is ending: nobody waits for the promise any more.
  }
}

}  // namespace zkattr
