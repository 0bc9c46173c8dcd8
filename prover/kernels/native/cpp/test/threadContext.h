/** A Context on std::threads, for the C++ tests: started for each call. */
#pragma once
#include <atomic>
#include <thread>
#include <vector>
#include "../parallel/context.h"

class ThreadContext : public zkattr::Context {
 public:
  explicit ThreadContext(int threads) : count(threads) {}
  int threads() const override { return count; }
  void parallelFor(size_t tasks, const std::function<void(size_t, int)>& body) override {
    std::atomic<size_t> next{0};
    std::vector<std::thread> all;
    for (int t = 0; t < count; t++)
      all.emplace_back([&, t] {
        for (size_t task; (task = next++) < tasks;) body(task, t);
      });
    for (auto& thread : all) thread.join();
  }
  void checkpoint() override {}
  void progress(size_t, size_t) override {}

 private:
  int count;
};
