/**
 * A queue of calls and the threads that run them, one call after another in order of submission: each may use all threads.
 * The leader starts with the first call, helpers with the first loop that wants them; both then stay until close().
 * The thread that submits never computes.
 */
#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include "work.h"

namespace zkattr {

class Pool {
 public:
  /** @param threads >= 1, the leader included */
  explicit Pool(int threads) : threads_(threads) {}
  ~Pool() { close(); }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  int threads() const { return threads_; }
  /** Appends a call. The work lives until its finish() was called. @throws std::logic_error after close() */
  void submit(Work* work);
  /** Aborts what runs and what waits, and joins the threads. May be called again. */
  void close() noexcept;

 private:
  void lead();

  const int threads_;
  std::thread leader_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Work*> queue_;
  std::atomic<bool> closed_{false};
};

}  // namespace zkattr
