/**
 * The threads behind parallelFor: the leader, who calls it, and helpers that join in while there are tasks left.
 * Helpers start with the first loop that has work for them. A helper that wakes too late is not waited for.
 */
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>
#include "context.h"

namespace zkattr {

class Team {
 public:
  /** @param threads the leader included; >= 1 */
  explicit Team(int threads) : threads_(threads) {}
  /** Ends the helpers. No loop may be running. */
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  int threads() const { return threads_; }
  /** See Context::parallelFor. Always called by the same thread, the leader; context gives the checkpoint. */
  void parallelFor(Context& context, size_t count, const std::function<void(size_t, int)>& body);

 private:
  struct Loop;
  void start();
  void help(int thread);
  static void take(Loop& loop, int thread) noexcept;

  const int threads_;
  std::vector<std::thread> helpers_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable idle_;
  /** The loop that helpers may join, or null. Guarded by mutex_, as are stopping_ and every write of the two counters. */
  Loop* loop_ = nullptr;
  bool stopping_ = false;
  /** Counts loops; read without the lock only to wait actively for the next one. */
  std::atomic<uint64_t> loops_{0};
  /** Helpers inside the loop. */
  std::atomic<int> inside_{0};
};

}  // namespace zkattr
