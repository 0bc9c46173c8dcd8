/**
 * One JavaScript environment (main thread or worker thread) that loaded the library: its calls in flight, its pools, and the
 * mailbox through which pool threads reach the JavaScript thread.
 *
 * The loop stays alive while calls are pending, and only then. When the environment ends in the middle of a call, all pools are
 * closed first (which aborts and joins), so that no thread outlives the memory it works on.
 * All methods belong to the JavaScript thread, save post().
 */
#pragma once
#include <napi.h>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <vector>
#include "../parallel/pool.h"

namespace zkattr {

class Call;

/** From a pool thread: progress of a call, or its end. */
struct Message {
  Call* call;
  bool ended;
  size_t done;
  size_t total;
};

class Environment {
 public:
  static Environment& of(Napi::Env env) { return **env.GetInstanceData<std::shared_ptr<Environment>>(); }
  static std::shared_ptr<Environment> shared(Napi::Env env) { return *env.GetInstanceData<std::shared_ptr<Environment>>(); }
  /** Once for each environment, when the library is loaded into it. */
  static void open(Napi::Env env);
  ~Environment();

  /** Takes a call over and submits it. @throws std::logic_error, std::system_error; the call is then gone */
  void submit(Pool& pool, std::unique_ptr<Call> call);
  /** Any thread. */
  void post(const Message& message) noexcept;

  void add(Pool& pool) { pools_.insert(&pool); }
  void remove(Pool& pool) { pools_.erase(&pool); }
  /** Closes all pools and drops all calls; their promises stay open. For the end of the environment or of the process. */
  void shutdown() noexcept;

 private:
  explicit Environment(Napi::Env env);
  /** Delivers the mailbox. */
  void deliver(Napi::Env env);

  napi_env env_;
  napi_threadsafe_function wake_ = nullptr;
  std::unordered_map<Call*, std::unique_ptr<Call>> calls_;
  std::unordered_set<Pool*> pools_;
  bool ended_ = false;

  std::mutex mutex_;
  std::vector<Message> mailbox_;
};

}  // namespace zkattr
