/**
 * Pools run each task of each loop once, hand exceptions on, notice aborts, keep the order of calls and end in any state.
 * Worth running under -fsanitize=thread.
 */
#include "../parallel/pool.h"
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>
#include "check.h"

using namespace zkattr;

/** A call that notes how it ended. */
struct Probe final : Work {
  std::function<void(Context&)> body;
  std::atomic<bool> abort{false}, ended{false};
  std::atomic<int> reports{0};
  std::string outcome;
  std::vector<Probe*>* order = nullptr;

  explicit Probe(std::function<void(Context&)> run) : body(std::move(run)) {}
  void run(Context& context) override { body(context); }
  bool aborted() const noexcept override { return abort; }
  void report(size_t, size_t) noexcept override { reports++; }
  void finish(std::exception_ptr error) noexcept override {
    try {
      if (error) std::rethrow_exception(error);
      outcome = "done";
    } catch (const std::exception& e) {
      outcome = e.what();
    }
    if (order) order->push_back(this);
    ended = true;
  }
  void wait() {
    while (!ended) std::this_thread::yield();
  }
};

static void sleepMs(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

static void everyTaskOnce(int threads) {
  Pool pool(threads);
  for (size_t count : {0, 1, 2, 3, 7, 100, 5000}) {
    std::vector<std::atomic<int>> hits(count);
    std::atomic<bool> threadsInRange{true};
    Probe probe([&](Context& context) {
      CHECK(context.threads() == threads, "threads() is %d, not %d", context.threads(), threads);
      for (int round = 0; round < 50; round++)
        context.parallelFor(count, [&](size_t task, int thread) {
          hits[task]++;
          if (thread < 0 || thread >= threads) threadsInRange = false;
        });
    });
    pool.submit(&probe);
    probe.wait();
    bool once = true;
    for (const auto& hit : hits) once &= hit == 50;
    CHECK(once && threadsInRange && probe.outcome == "done", "%d threads, %zu tasks: %s", threads, count, probe.outcome.c_str());
  }
}

static void errorsAndAborts(int threads) {
  Pool pool(threads);
  std::atomic<int> ran{0};
  Probe failing([&](Context& context) {
    context.parallelFor(1000, [&](size_t task, int) {
      ran++;
      if (task == 3) throw std::runtime_error("task 3");
      sleepMs(1);
    });
  });
  pool.submit(&failing);
  failing.wait();
  CHECK(failing.outcome == "task 3" && ran < 1000, "%s after %d tasks", failing.outcome.c_str(), ran.load());

  Probe nested([](Context& context) {
    context.parallelFor(4, [&](size_t, int) { context.parallelFor(2, [](size_t, int) {}); });
  });
  pool.submit(&nested);
  nested.wait();
  CHECK(nested.outcome.find("parallelFor called by a body") == 0, "nested: %s", nested.outcome.c_str());

  Probe aborted([](Context& context) { context.parallelFor(100000, [](size_t, int) { sleepMs(1); }); });
  Probe waiting([](Context&) {});
  pool.submit(&aborted);
  pool.submit(&waiting);
  waiting.abort = true;
  sleepMs(5);
  aborted.abort = true;
  aborted.wait();
  waiting.wait();
  CHECK(aborted.outcome == "cancelled" && waiting.outcome == "cancelled", "%s, %s", aborted.outcome.c_str(), waiting.outcome.c_str());

  Probe after([](Context& context) { context.parallelFor(10, [](size_t, int) {}); });
  pool.submit(&after);
  after.wait();
  CHECK(after.outcome == "done", "after an abort: %s", after.outcome.c_str());
}

static void orderAndProgress(int threads) {
  Pool pool(threads);
  std::vector<Probe*> order;
  std::vector<std::unique_ptr<Probe>> probes;
  for (int i = 0; i < 20; i++) {
    probes.push_back(std::make_unique<Probe>([i](Context& context) { context.parallelFor(static_cast<size_t>(20 - i), [](size_t, int) {}); }));
    probes.back()->order = &order;
  }
  for (auto& probe : probes) pool.submit(probe.get());
  probes.back()->wait();
  bool inOrder = order.size() == probes.size();
  for (size_t i = 0; inOrder && i < order.size(); i++) inOrder = order[i] == probes[i].get();
  CHECK(inOrder, "calls ended out of order");

  Probe chatty([](Context& context) {
    context.parallelFor(200000, [&](size_t task, int) { context.progress(task, 200000); });
    context.progress(200000, 200000);
  });
  pool.submit(&chatty);
  chatty.wait();
  CHECK(chatty.reports >= 2 && chatty.reports < 2000, "%d reports", chatty.reports.load());
}

/** Idle, never used, in the middle of a call with others waiting, twice. */
static void closing(int threads) {
  { Pool unused(threads); }
  for (int i = 0; i < 20; i++) {
    Probe running([](Context& context) { context.parallelFor(100000, [](size_t, int) { sleepMs(1); }); });
    Probe waiting([](Context&) {});
    Pool pool(threads);
    pool.submit(&running);
    pool.submit(&waiting);
    if (i % 2) sleepMs(2);
    pool.close();
    CHECK(running.ended && waiting.ended, "close returned before the calls had ended");
    CHECK(running.outcome == "cancelled" && waiting.outcome == "cancelled", "%s, %s", running.outcome.c_str(), waiting.outcome.c_str());
    pool.close();
    bool refused = false;
    try {
      pool.submit(&waiting);
    } catch (const std::logic_error&) {
      refused = true;
    }
    CHECK(refused, "a closed pool took a call");
  }
}

int main() {
  for (int threads : {1, 2, 3, 8}) {
    everyTaskOnce(threads);
    errorsAndAborts(threads);
    orderAndProgress(threads);
    closing(threads);
  }
  return report("pool");
}
