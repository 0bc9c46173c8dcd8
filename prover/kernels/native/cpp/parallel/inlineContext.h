/** A call on the caller's own thread, for work too small to be worth a hand-over: one thread, not to be aborted. */
#pragma once
#include "context.h"

namespace zkattr {

class InlineContext final : public Context {
 public:
  int threads() const override { return 1; }
  void parallelFor(size_t count, const std::function<void(size_t, int)>& body) override {
    for (size_t task = 0; task < count; task++) body(task, 0);
  }
  void checkpoint() override {}
  void progress(size_t, size_t) override {}
};

}  // namespace zkattr
