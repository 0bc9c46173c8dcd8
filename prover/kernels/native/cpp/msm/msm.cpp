#include "msm.h"
#include "../memory/hugeBuffer.h"
#include "pippenger.h"

namespace zkattr {
namespace {

constexpr size_t MAX_POINTS = size_t(1) << 31;

bool isInfinity(const uint8_t* point, size_t bytes) {
  uint64_t any = 0;
  for (size_t at = 0; at < bytes; at += 8) {
    uint64_t word;
    std::memcpy(&word, point + at, 8);
    any |= word;
  }
  return any == 0;
}

template <class G>
void msm(Context& context, const uint8_t* bases, const uint8_t* scalars, size_t n, ScalarForm form, uint8_t* out) {
  if (n >= MAX_POINTS) throw std::length_error("msm: more than 2^31 - 1 points");
  if (n == 0) {
    std::memset(out, 0, G::POINT_BYTES);
    return;
  }
  const unsigned c = chooseWindow(n), windows = windowCount(c);
  HugeBuffer<int16_t> digits(size_t(windows) * n);
  // Points are read at random once a window: from memory on huge pages, copied if there are enough of them.
  const bool copied = n * G::POINT_BYTES >= HugeBuffer<uint8_t>::PAGE;
  HugeBuffer<uint8_t> points(copied ? n * G::POINT_BYTES : 0);
  constexpr size_t BLOCK = 4096;
  context.parallelFor((n + BLOCK - 1) / BLOCK, [&](size_t block, int) {
    const size_t from = block * BLOCK, to = std::min(n, from + BLOCK);
    signedDigits(scalars, form, n, from, to, c, windows, digits.get());
    // Proving keys hold many points at infinity (wires that a matrix lacks): left out here, they are no exceptions later.
    for (size_t i = from; i < to; i++)
      if (isInfinity(bases + i * G::POINT_BYTES, G::POINT_BYTES))
        for (unsigned w = 0; w < windows; w++) digits[size_t(w) * n + i] = 0;
    if (copied) std::memcpy(points.get() + from * G::POINT_BYTES, bases + from * G::POINT_BYTES, (to - from) * G::POINT_BYTES);
  });
  storePoint<G>(pippenger<G>(context, copied ? points.get() : bases, digits.get(), n, c, windows), out);
}

}  // namespace

void msmG1(Context& context, const uint8_t* bases, const uint8_t* scalars, size_t n, ScalarForm form, uint8_t* out) {
  msm<G1>(context, bases, scalars, n, form, out);
}
void msmG2(Context& context, const uint8_t* bases, const uint8_t* scalars, size_t n, ScalarForm form, uint8_t* out) {
  msm<G2>(context, bases, scalars, n, form, out);
}

}  // namespace zkattr
