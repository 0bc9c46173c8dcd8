#include "pool.h"
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include "team.h"

namespace zkattr {
namespace {

/** A terminal redraws no faster. */
constexpr int64_t REPORT_INTERVAL_MS = 50;

/** The context of one call. */
class CallContext final : public Context {
 public:
  CallContext(Work& work, Team& team, const std::atomic<bool>& closed) : work_(work), team_(team), closed_(closed) {}

  int threads() const override { return team_.threads(); }
  void parallelFor(size_t count, const std::function<void(size_t, int)>& body) override { team_.parallelFor(*this, count, body); }
  void checkpoint() override {
    if (closed_.load(std::memory_order_relaxed) || work_.aborted()) throw Cancelled();
  }
  void progress(size_t done, size_t total) override {
    using namespace std::chrono;
    const int64_t now = duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
    int64_t due = due_.load(std::memory_order_relaxed);
    if (done < total && now < due) return;
    // One of several threads that come at once reports.
    if (due_.compare_exchange_strong(due, now + REPORT_INTERVAL_MS, std::memory_order_relaxed) || done >= total) work_.report(done, total);
  }

 private:
  Work& work_;
  Team& team_;
  const std::atomic<bool>& closed_;
  std::atomic<int64_t> due_{0};
};

}  // namespace

void Pool::submit(Work* work) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (closed_) throw std::logic_error("pool is closed");
  if (!leader_.joinable()) leader_ = std::thread([this] { lead(); });
  queue_.push_back(work);
  wake_.notify_one();
}

void Pool::lead() {
  Team team(threads_);
  for (;;) {
    Work* work;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [this] { return closed_ || !queue_.empty(); });
      if (queue_.empty()) return;
      work = queue_.front();
      queue_.pop_front();
    }
    std::exception_ptr error;
    try {
      CallContext context(*work, team, closed_);
      context.checkpoint();
      work->run(context);
    } catch (...) {
      error = std::current_exception();
    }
    work->finish(error);
  }
}

void Pool::close() noexcept {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    closed_ = true;
  }
  wake_.notify_all();
  if (leader_.joinable()) leader_.join();
}

}  // namespace zkattr
