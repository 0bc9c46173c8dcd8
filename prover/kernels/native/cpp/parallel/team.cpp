#include "team.h"
#include <exception>
#include <stdexcept>
#include <system_error>
#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

namespace zkattr {
namespace {

/**
 * Turns of active waiting before a thread sleeps, some 20 us: a sumcheck runs loop after loop, and waking a thread costs as
 * much as a short loop. Longer would take the core from others for nothing.
 */
constexpr int SPINS = 600;

inline void pause() {
#if defined(__x86_64__) || defined(__i386__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/** A body that calls parallelFor would wait for its own thread. */
thread_local bool insideBody = false;

}  // namespace

struct Team::Loop {
  Context& context;
  const std::function<void(size_t, int)>& body;
  const size_t count;
  std::atomic<size_t> next{0};
  std::atomic<bool> failed{false};
  std::mutex mutex;
  std::exception_ptr error;

  Loop(Context& c, const std::function<void(size_t, int)>& b, size_t n) : context(c), body(b), count(n) {}
};

void Team::take(Loop& loop, int thread) noexcept {
  insideBody = true;
  try {
    while (!loop.failed.load(std::memory_order_relaxed)) {
      const size_t task = loop.next.fetch_add(1, std::memory_order_relaxed);
      if (task >= loop.count) break;
      loop.context.checkpoint();
      loop.body(task, thread);
    }
  } catch (...) {
    const std::lock_guard<std::mutex> lock(loop.mutex);
    if (!loop.error) loop.error = std::current_exception();
    loop.failed.store(true, std::memory_order_relaxed);
  }
  insideBody = false;
}

void Team::parallelFor(Context& context, size_t count, const std::function<void(size_t, int)>& body) {
  if (insideBody) throw std::logic_error("parallelFor called by a body of parallelFor");
  if (count == 0) return context.checkpoint();
  Loop loop(context, body, count);
  const bool shared = threads_ > 1 && count > 1;
  if (shared) {
    start();
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      loop_ = &loop;
      loops_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
  }
  take(loop, 0);
  if (shared) {
    {
      // Nobody joins from here on: whoever has not woken yet has nothing to do.
      const std::lock_guard<std::mutex> lock(mutex_);
      loop_ = nullptr;
    }
    for (int i = 0; i < SPINS && inside_.load(std::memory_order_acquire) > 0; i++) pause();
    std::unique_lock<std::mutex> lock(mutex_);
    idle_.wait(lock, [this] { return inside_.load(std::memory_order_acquire) == 0; });
  }
  if (loop.error) std::rethrow_exception(loop.error);
}

void Team::start() {
  if (!helpers_.empty()) return;
  helpers_.reserve(static_cast<size_t>(threads_) - 1);
  try {
    for (int thread = 1; thread < threads_; thread++) helpers_.emplace_back([this, thread] { help(thread); });
  } catch (const std::system_error&) {
    // The system gives no more threads: those that exist do the work.
  }
}

void Team::help(int thread) {
  uint64_t seen = 0;
  // With more threads than cores active waiting would hold up the very thread that is waited for.
  const bool spin = static_cast<unsigned>(threads_) <= std::thread::hardware_concurrency();
  for (;;) {
    for (int i = 0; spin && i < SPINS && loops_.load(std::memory_order_acquire) == seen; i++) pause();
    Loop* loop;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [&] { return stopping_ || (loop_ != nullptr && loops_.load(std::memory_order_relaxed) != seen); });
      if (stopping_) return;
      seen = loops_.load(std::memory_order_relaxed);
      loop = loop_;
      inside_.fetch_add(1, std::memory_order_relaxed);
    }
    take(*loop, thread);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (inside_.fetch_sub(1, std::memory_order_release) == 1) idle_.notify_one();
    }
  }
}

Team::~Team() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& helper : helpers_) helper.join();
}

}  // namespace zkattr
