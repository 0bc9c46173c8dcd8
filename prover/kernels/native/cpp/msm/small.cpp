/**
 * MSM of small integers: bits, int8, int16. A digit is the integer itself (two digits of 8 bits for int16 where points are
 * few): one bucket for bits, 128 for 8 bits. Points are taken in blocks in order, so that they stream; the buckets of all
 * blocks are added up at the end.
 *   about one addition a point and digit; zeros cost nothing.
 */
#include "../memory/hugeBuffer.h"
#include "msm.h"
#include "pippenger.h"

namespace zkattr {
namespace {

/** 2 MiB of points: their pages fit in the TLB, their sums are 1 in 256. */
constexpr size_t BLOCK = size_t(1) << 15;
constexpr size_t BYTE_BUCKETS = 128;

/** Digit `window` of entries [from, to). */
void integerDigits(IntKind kind, const void* scalars, bool split, unsigned window, size_t from, size_t to, int16_t* digits) {
  for (size_t i = from; i < to; i++) {
    int d;
    if (kind == IntKind::Bit) d = static_cast<const uint8_t*>(scalars)[i] != 0;
    else if (kind == IntKind::Int8) d = static_cast<const int8_t*>(scalars)[i];
    else {
      int16_t value;
      std::memcpy(&value, static_cast<const uint8_t*>(scalars) + 2 * i, 2);
      const int low = (int8_t)(value & 0xff);
      d = !split ? value : window == 0 ? low : (value - low) >> 8;
    }
    digits[i - from] = (int16_t)d;
  }
}

/** sum_d d (sum of the points with digit d), for digits of at most `buckets`. */
Point<G1> window(Context& context, const uint8_t* bases, IntKind kind, const void* scalars, size_t n, bool split, unsigned which, size_t buckets) {
  const size_t blocks = (n + BLOCK - 1) / BLOCK;
  std::vector<uint8_t> blockSums(blocks * buckets * G1::POINT_BYTES);
  struct Worker {
    BucketSums<G1> sums;
    std::vector<int16_t> digits;
    std::vector<uint32_t> entries, starts;
    std::vector<Bucket> list;
  };
  std::vector<Worker> workers(context.threads());
  size_t done = 0;
  std::mutex counting;
  context.parallelFor(blocks, [&](size_t block, int thread) {
    Worker& w = workers[thread];
    const size_t from = block * BLOCK, count = std::min(BLOCK, n - from);
    w.digits.resize(count), w.entries.resize(count), w.starts.resize(buckets + 2);
    integerDigits(kind, scalars, split, which, from, from + count, w.digits.data());
    sortByBucket(w.digits.data(), count, buckets, 0, w.entries.data(), w.starts.data());
    w.list.clear();
    for (size_t k = 0; k < buckets; k++) w.list.push_back({&w.entries[w.starts[k]], w.starts[k + 1] - w.starts[k], &blockSums[(block * buckets + k) * G1::POINT_BYTES]});
    w.sums.run(context, bases + from * G1::POINT_BYTES, w.list);
    const std::lock_guard<std::mutex> lock(counting);
    context.progress(++done, blocks);
  });
  if (blocks == 1) return reduceBuckets<G1>(blockSums.data(), buckets).weighted;

  static const uint8_t infinity[G1::POINT_BYTES] = {};
  std::vector<uint32_t> entries;
  std::vector<size_t> starts(1, 0);
  entries.reserve(blocks * buckets);
  for (size_t k = 0; k < buckets; k++) {
    for (size_t block = 0; block < blocks; block++)
      if (std::memcmp(&blockSums[(block * buckets + k) * G1::POINT_BYTES], infinity, G1::POINT_BYTES) != 0) entries.push_back(uint32_t(block * buckets + k));
    starts.push_back(entries.size());
  }
  std::vector<uint8_t> sums(buckets * G1::POINT_BYTES);
  std::vector<Bucket> list;
  for (size_t k = 0; k < buckets; k++) list.push_back({entries.data() + starts[k], starts[k + 1] - starts[k], &sums[k * G1::POINT_BYTES]});
  workers[0].sums.run(context, blockSums.data(), list);
  return reduceBuckets<G1>(sums.data(), buckets).weighted;
}

}  // namespace

void msmSmallG1(Context& context, const uint8_t* bases, IntKind kind, const void* scalars, size_t n, uint8_t* out) {
  if (n >= size_t(1) << 31) throw std::length_error("msmSmall: more than 2^31 - 1 points");
  // 2^15 buckets cost as much as some 2^17 additions.
  constexpr size_t WHOLE_FROM = size_t(1) << 18;
  if (kind == IntKind::Int16 && n >= WHOLE_FROM) {
    HugeBuffer<int16_t> digits(n);
    HugeBuffer<uint8_t> points(n * G1::POINT_BYTES);
    context.parallelFor((n + BLOCK - 1) / BLOCK, [&](size_t block, int) {
      const size_t from = block * BLOCK, to = std::min(n, from + BLOCK);
      integerDigits(kind, scalars, false, 0, from, to, digits.get() + from);
      std::memcpy(points.get() + from * G1::POINT_BYTES, bases + from * G1::POINT_BYTES, (to - from) * G1::POINT_BYTES);
    });
    storePoint<G1>(pippenger<G1>(context, points.get(), digits.get(), n, 16, 1), out);
    return;
  }
  Point<G1> sum = Point<G1>::infinity();
  if (n > 0) {
    const size_t buckets = kind == IntKind::Bit ? 1 : BYTE_BUCKETS;
    if (kind == IntKind::Int16) {
      sum = window(context, bases, kind, scalars, n, true, 1, buckets);
      for (int i = 0; i < 8; i++) sum = addPoints<G1>(sum, sum);
    }
    sum = addPoints<G1>(sum, window(context, bases, kind, scalars, n, true, 0, buckets));
  }
  storePoint<G1>(sum, out);
}

}  // namespace zkattr
