/** One call on a pool, as the pool sees it. */
#pragma once
#include <cstddef>
#include <exception>
#include "context.h"

namespace zkattr {

class Work {
 public:
  virtual ~Work() = default;
  /** Called once, on the pool's leader thread; may throw. Not called when the caller aborted before its turn. */
  virtual void run(Context& context) = 0;
  /** Did the caller give up? Any thread. */
  virtual bool aborted() const noexcept = 0;
  /** Progress, already thinned out. Any thread. */
  virtual void report(size_t done, size_t total) noexcept = 0;
  /** Called once, last, on the leader thread: the pool does not touch this work afterwards. Null without an error. */
  virtual void finish(std::exception_ptr error) noexcept = 0;
};

}  // namespace zkattr
