/** `new Pool(threads)`: the JavaScript object around a pool. Closed by close(), or when it is collected. */
#pragma once
#include <napi.h>
#include <memory>
#include "../parallel/pool.h"
#include "environment.h"

namespace zkattr {

class PoolObject : public Napi::ObjectWrap<PoolObject> {
 public:
  explicit PoolObject(const Napi::CallbackInfo& info);
  ~PoolObject() override;
  static Napi::Function define(Napi::Env env);
  /** Null for any other value. */
  static PoolObject* from(const Napi::Value& value);
  Pool& pool() { return pool_; }

 private:
  Napi::Value close(const Napi::CallbackInfo& info);
  static int threadsOf(const Napi::CallbackInfo& info);

  Pool pool_;
  const std::shared_ptr<Environment> environment_;
};

}  // namespace zkattr
