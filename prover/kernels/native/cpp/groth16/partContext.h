/** A step of a longer call: the progress of what runs in it is that step's share of the whole. */
#pragma once
#include <algorithm>
#include "../parallel/context.h"

namespace zkattr {
namespace groth16_detail {

class PartContext final : public Context {
 public:
  /** Units [from, from + size) of total. */
  PartContext(Context& whole, size_t from, size_t size, size_t total) : whole_(whole), from_(from), size_(size), total_(total) {}
  ~PartContext() override = default;

  int threads() const override { return whole_.threads(); }
  void parallelFor(size_t count, const std::function<void(size_t, int)>& body) override { whole_.parallelFor(count, body); }
  void checkpoint() override { whole_.checkpoint(); }
  void progress(size_t done, size_t total) override {
    if (total > 0) whole_.progress(SCALE * from_ + SCALE * size_ * std::min(done, total) / total, SCALE * total_);
  }

 private:
  /** Steps within a unit. */
  static constexpr size_t SCALE = 64;
  Context& whole_;
  size_t from_, size_, total_;
};

}  // namespace groth16_detail
}  // namespace zkattr
