/** The context of tests: real threads, progress checked to move forwards within its total, optionally an abort at the n-th checkpoint. */
#pragma once
#include <atomic>
#include "../parallel/team.h"

class TeamContext final : public zkattr::Context {
 public:
  explicit TeamContext(int threads) : team_(threads) {}

  int threads() const override { return team_.threads(); }
  void parallelFor(size_t count, const std::function<void(size_t, int)>& body) override { team_.parallelFor(*this, count, body); }
  void checkpoint() override {
    if (checkpoints++ >= abortAt) throw zkattr::Cancelled();
  }
  void progress(size_t done, size_t total) override {
    if (done > total || total == 0) wrongProgress++;
    if (done == total) completed++;
  }

  std::atomic<long> checkpoints{0}, wrongProgress{0}, completed{0};
  long abortAt = 1L << 62;

 private:
  zkattr::Team team_;
};
