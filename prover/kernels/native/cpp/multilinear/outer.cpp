/** Tables that are products of smaller ones: one product an entry, 1.4 times the multiply-adds of that where N = 8 (loads, stores, carries). */
#include "../field/pipeline.h"
#include "../parallel/ranges.h"
#include "entries.h"
#include "multilinear.h"
#include <vector>

namespace zkattr {
namespace {

constexpr double ENTRY_NS = LANES == 8 ? 4 : 20;
/** Below it, rows are too short for lanes of their own: lanes run over rows. */
constexpr size_t SHORT = 4 * LANES;

/** out[j] = factor row[j] */
inline void scale(const FrMont& factor, const uint8_t* row, size_t n, uint8_t* out) {
  const auto load = [=](size_t i) { return loadFr(row + i * LANES * FR_BYTES); };
  const auto start = [&](const FrRaw& x) {
    FrSum sum = FrSum::zero();
    sum.add(factor, x);
    return sum;
  };
  pipeline<FrModulus, 2>(n / LANES, out, load, start);
  if (const size_t rest = n % LANES) {
    const size_t at = (n - rest) * FR_BYTES;
    storePart<2>(start(loadPart<FrModulus>(row + at, rest)).reduce(), out + at, rest);
  }
}

/** Entries from .. to of the product, whatever the rows. */
void shortRows(const uint8_t* high, const uint8_t* low, size_t lowCount, size_t from, size_t to, uint8_t* out) {
  size_t i = from / lowCount, j = from % lowCount;
  for (size_t k = from; k < to; k += LANES) {
    const uint8_t *a[LANES], *b[LANES];
    const size_t count = std::min(LANES, to - k);
    for (size_t lane = 0; lane < LANES; lane++) {
      a[lane] = high + i * FR_BYTES, b[lane] = low + j * FR_BYTES;
      // Lanes beyond the end repeat the last entry.
      if (lane + 1 < count && ++j == lowCount) j = 0, i++;
    }
    // 16 times a value below p: the product is below (1 + 16 / 84) p.
    const FrRaw product = mul(toMont(gather<FrModulus>(a)), gather<FrModulus>(b));
    if (count == LANES) store<2>(product, out + k * FR_BYTES);
    else storePart<2>(product, out + k * FR_BYTES, count);
    if (++j == lowCount) j = 0, i++;
  }
}

/** Doubling: for each variable, out[2^k + j] = r out[j] and out[j] -= that. */
void eqSmall(const uint8_t* point, unsigned variables, uint8_t* out) {
  Fr::one().store(out);
  for (unsigned k = 0; k < variables; k++) {
    const Fr r = Fr::load(point + k * FR_BYTES);
    const size_t half = size_t(1) << k;
    uint8_t* high = out + half * FR_BYTES;
    size_t j = 0;
    if (half >= LANES) {
      const FrMont factor = FrMont::broadcast(r);
      for (; j < half; j += LANES) {
        const FrRaw x = loadFr(out + j * FR_BYTES), product = mul(factor, x);
        store<2>(product, high + j * FR_BYTES);
        store<4>(sub<2>(x, product), out + j * FR_BYTES);
      }
    }
    for (; j < half; j++) {
      const Fr x = Fr::load(out + j * FR_BYTES), product = mul(r, x);
      product.store(high + j * FR_BYTES);
      sub(x, product).store(out + j * FR_BYTES);
    }
  }
}

/** Entries from .. to of the tensor product. */
void tensor(const uint8_t* high, const uint8_t* low, size_t lowCount, size_t from, size_t to, uint8_t* out) {
  if (lowCount < SHORT && lowCount % LANES != 0) return shortRows(high, low, lowCount, from, to, out);
  while (from < to) {
    const size_t i = from / lowCount, j = from % lowCount, n = std::min(lowCount - j, to - from);
    scale(FrMont::broadcast(Fr::load(high + i * FR_BYTES)), low + j * FR_BYTES, n, out + from * FR_BYTES);
    from += n;
  }
}

/** Variables of the table whose entries are multiplied by each of the others': it stays in the first cache. */
constexpr unsigned LOW = 8;

/** Low variables doubled up, then one tensor product after the other: the last one is the work. */
void equality(Context& context, const uint8_t* point, unsigned variables, uint8_t* out, bool last) {
  if (variables <= LOW + 2) {
    eqSmall(point, variables, out);
    if (last) context.progress(1, 1);
    return;
  }
  const size_t n = size_t(1) << variables;
  std::vector<uint8_t> low(FR_BYTES << LOW), high((n >> LOW) * FR_BYTES);
  eqSmall(point, LOW, low.data());
  equality(context, point + LOW * FR_BYTES, variables - LOW, high.data(), false);
  const auto body = [&](size_t from, size_t to, size_t) { tensor(high.data(), low.data(), size_t(1) << LOW, from, to, out); };
  const Ranges ranges(context, n, ENTRY_NS, LANES);
  if (last) ranges.run(context, body);
  else ranges.runPart(context, body);
}

}  // namespace

void outer(Context& context, const uint8_t* high, size_t highCount, const uint8_t* low, size_t lowCount, uint8_t* out) {
  if (highCount == 0 || lowCount == 0) return;
  Ranges(context, highCount * lowCount, ENTRY_NS, LANES).run(context, [&](size_t from, size_t to, size_t) { tensor(high, low, lowCount, from, to, out); });
}

void eqTable(Context& context, const uint8_t* point, unsigned variables, uint8_t* out) { equality(context, point, variables, out, true); }

}  // namespace zkattr
