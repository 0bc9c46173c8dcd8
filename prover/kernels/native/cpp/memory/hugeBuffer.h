/**
 * Memory for tables that are read at random: on huge pages where the system grants them (MADV_HUGEPAGE), because a table of
 * more than a few MiB costs a page walk an access otherwise (an MSM of 2^18 points runs 15% longer). Uninitialised.
 */
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace zkattr {

template <class T>
class HugeBuffer {
 public:
  static constexpr size_t PAGE = size_t(1) << 21;

  HugeBuffer() = default;
  explicit HugeBuffer(size_t count) {
    const size_t bytes = count * sizeof(T);
    // Small ones share pages: rounding them up would waste more than it saves.
    const size_t alignment = bytes >= PAGE ? PAGE : 64;
    pointer = static_cast<T*>(std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment + (bytes == 0 ? alignment : 0)));
    if (!pointer) throw std::bad_alloc();
#if defined(__linux__)
    if (bytes >= PAGE) madvise(pointer, bytes, MADV_HUGEPAGE);
#endif
  }
  HugeBuffer(HugeBuffer&& other) noexcept : pointer(other.pointer) { other.pointer = nullptr; }
  HugeBuffer& operator=(HugeBuffer&& other) noexcept {
    T* const mine = pointer;
    pointer = other.pointer;
    other.pointer = mine;
    return *this;
  }
  HugeBuffer(const HugeBuffer&) = delete;
  HugeBuffer& operator=(const HugeBuffer&) = delete;
  ~HugeBuffer() { std::free(pointer); }
  T* get() const { return pointer; }
  T& operator[](size_t i) const { return pointer[i]; }

 private:
  T* pointer = nullptr;
};

}  // namespace zkattr
