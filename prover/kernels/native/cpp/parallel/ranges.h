/** A range of equal work cut into tasks: large enough to be worth a hand-over, small enough to balance and to be given up soon. */
#pragma once
#include <algorithm>
#include <atomic>
#include "context.h"

namespace zkattr {

class Ranges {
 public:
  /** Of one task, in nanoseconds: below the first a thread costs more than it gains, above the second a caller waits to abort. */
  static constexpr double LEAST = 20e3, MOST = 1e6;

  /**
   * @param n           entries
   * @param nanoseconds estimate for one of them
   * @param unit        boundaries are multiples of it
   */
  Ranges(const Context& context, size_t n, double nanoseconds, size_t unit) : n_(n) {
    const double each = std::max(nanoseconds, 1e-3);
    // Four tasks a thread: the last ones to end then end close together.
    const double even = double(n) / (4.0 * context.threads());
    const double size = std::max(LEAST / each, std::min(even, MOST / each));
    size_ = size >= double(n) ? n : (size_t(size) / unit + 1) * unit;
    if (size_ == 0) size_ = 1;
  }

  size_t count() const { return (n_ + size_ - 1) / size_; }
  size_t from(size_t task) const { return task * size_; }
  size_t to(size_t task) const { return std::min(n_, (task + 1) * size_); }

  /** body(from, to, task) for each; reports the call's progress. */
  template <class Body>
  void run(Context& context, const Body& body) const {
    const size_t total = count();
    std::atomic<size_t> done{0};
    runPart(context, [&](size_t from, size_t to, size_t task) {
      body(from, to, task);
      context.progress(++done, total);
    });
  }
  /** The same for a part of a call: reports nothing. */
  template <class Body>
  void runPart(Context& context, const Body& body) const {
    context.parallelFor(count(), [&](size_t task, int) { body(from(task), to(task), task); });
  }

 private:
  size_t n_, size_;
};

}  // namespace zkattr
