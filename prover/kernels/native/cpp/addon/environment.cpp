#include "environment.h"
#include <utility>
#include "call.h"

namespace zkattr {

void Environment::open(Napi::Env env) {
  std::shared_ptr<Environment> self(new Environment(env));
  env.SetInstanceData(new std::shared_ptr<Environment>(std::move(self)));
}

Environment::Environment(Napi::Env env) : env_(env) {
  const Napi::String name = Napi::String::New(env, "zkattr");
  const napi_threadsafe_function_call_js deliver = [](napi_env scope, napi_value, void* self, void*) {
    if (scope != nullptr) static_cast<Environment*>(self)->deliver(Napi::Env(scope));
  };
  napi_status status = napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this, deliver, &wake_);
  if (status == napi_ok) status = napi_unref_threadsafe_function(env, wake_);
  // Hooks run last in, first out: ours before the one by which Node closes the function above.
  if (status == napi_ok) status = napi_add_env_cleanup_hook(env, [](void* self) { static_cast<Environment*>(self)->shutdown(); }, this);
  if (status != napi_ok) throw Napi::Error::New(env, "cannot reach the event loop from threads");
}

Environment::~Environment() { shutdown(); }

void Environment::shutdown() noexcept {
  for (Pool* pool : pools_) pool->close();
  pools_.clear();
  mailbox_.clear();
  calls_.clear();
  ended_ = true;
}

void Environment::submit(Pool& pool, std::unique_ptr<Call> call) {
  if (ended_) throw std::logic_error("the environment has ended");
  Call* const raw = call.get();
  if (calls_.empty()) napi_ref_threadsafe_function(env_, wake_);
  calls_.emplace(raw, std::move(call));
  try {
    pool.submit(raw);
  } catch (...) {
    calls_.erase(raw);
    if (calls_.empty()) napi_unref_threadsafe_function(env_, wake_);
    throw;
  }
}

void Environment::post(const Message& message) noexcept {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    mailbox_.push_back(message);
    // One wake-up delivers whatever is there.
    if (mailbox_.size() > 1) return;
  }
  napi_call_threadsafe_function(wake_, nullptr, napi_tsfn_nonblocking);
}

void Environment::deliver(Napi::Env env) {
  std::vector<Message> messages;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    messages.swap(mailbox_);
  }
  for (const Message& message : messages) {
    // A settled promise or a callback may end the environment (process.exit): nothing is left to deliver then.
    const auto found = calls_.find(message.call);
    if (found == calls_.end()) return;
    if (!message.ended) {
      message.call->deliverProgress(env, message.done, message.total);
      continue;
    }
    const std::unique_ptr<Call> call = std::move(found->second);
    calls_.erase(found);
    if (calls_.empty() && !ended_) napi_unref_threadsafe_function(env, wake_);
    call->settle(env);
  }
}

}  // namespace zkattr
