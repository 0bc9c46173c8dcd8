/**
 * One asynchronous call: its arguments, kept alive until it ends, and its promise.
 * Made and destroyed on the JavaScript thread; runs on a pool.
 */
#pragma once
#include <napi.h>
#include <exception>
#include <functional>
#include <memory>
#include <vector>
#include "../parallel/work.h"
#include "environment.h"

namespace zkattr {

/** A kernel's exception -> Error with a `code`: what prover/kernels/native turns into typed errors. */
Napi::Error toError(Napi::Env env, std::exception_ptr error, const char* name);

class Call final : public Work {
 public:
  /** What to do on the pool. */
  using Body = std::function<void(Context&)>;
  /** Value of the promise, made on the JavaScript thread; undefined without it. */
  using Result = std::function<Napi::Value(Napi::Env)>;

  Call(Napi::Env env, const char* name, Body body, Result result);

  Napi::Promise promise() const { return deferred_.Promise(); }
  /** Keeps a value alive until the call ends. */
  void pin(const Napi::Object& value) { pins_.push_back(Napi::Persistent(value)); }
  /** A pinned Int32Array's entry: anything but 0 aborts. */
  void abortOn(const int32_t* flag) { flag_ = flag; }
  void reportTo(const Napi::Function& progress) { progress_ = Napi::Persistent(progress); }

  void run(Context& context) override { body_(context); }
  bool aborted() const noexcept override;
  void report(size_t done, size_t total) noexcept override;
  void finish(std::exception_ptr error) noexcept override;

  void deliverProgress(Napi::Env env, size_t done, size_t total) noexcept;
  void settle(Napi::Env env) noexcept;

 private:
  Environment& environment_;
  const char* const name_;
  Body body_;
  Result result_;
  Napi::Promise::Deferred deferred_;
  std::vector<Napi::ObjectReference> pins_;
  Napi::FunctionReference progress_;
  const int32_t* flag_ = nullptr;
  /** Written before finish() posts, read after its delivery. */
  std::exception_ptr error_;
};

}  // namespace zkattr
