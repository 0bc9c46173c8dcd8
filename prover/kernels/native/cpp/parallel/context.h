/**
 * What a kernel knows of the call it runs in: its threads, whether the caller gave up, and where to say how far it is.
 * Kernels take no locks and start no threads of their own.
 */
#pragma once
#include <cstddef>
#include <functional>
#include <stdexcept>

namespace zkattr {

/** Thrown by checkpoint() once the caller aborted; becomes a rejection with the caller's reason. */
struct Cancelled : std::runtime_error {
  Cancelled() : std::runtime_error("cancelled") {}
};

class Context {
 public:
  virtual ~Context() = default;
  /** Threads that parallelFor uses, the calling one included; >= 1. */
  virtual int threads() const = 0;
  /**
   * body(task, thread) for every task in [0, count), 0 <= thread < threads(), each task once, taken from a common counter.
   * Returns when all have ended. The first exception of a body stops further tasks and is thrown again here.
   * Passes checkpoint() before each task. Not re-entrant: a body does not call parallelFor.
   */
  virtual void parallelFor(size_t count, const std::function<void(size_t task, int thread)>& body) = 0;
  /** @throws Cancelled when the caller aborted. Cheap: call it every millisecond or so of work. */
  virtual void checkpoint() = 0;
  /** Reports done of total units of this call; may be called from any thread, often; deliveries are thinned out. */
  virtual void progress(size_t done, size_t total) = 0;
};

}  // namespace zkattr
