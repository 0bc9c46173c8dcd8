/**
 * out[i] = sum_j table[i rowLength + j] weights[(i mod period) rowLength + j]. Columns are lanes; the limbs of a segment of
 * weights are made once and shared by all rows of a task, which are those of one residue of i modulo the period.
 * Lanes are added when a row's segment is done, and eight rows are reduced together.
 */
#include "../parallel/ranges.h"
#include "entries.h"
#include "multilinear.h"
#include <vector>

namespace zkattr {
namespace {

/** Nanoseconds an entry: as in combine.cpp; without other rows to share them, weights are read from memory as well. */
template <class Entry>
constexpr double ENTRY_NS = Entry::BYTES == FR_BYTES ? (LANES == 8 ? 3 : 20) : (LANES == 8 ? 0.3 : 3);
constexpr double WEIGHT_NS = 3;

/** Sums of the rows at `from`: count <= TILE of them, `columns` entries each, limbs of the weights in groups of LANES. */
template <class Entry, size_t TILE>
inline void addColumns(typename Entry::Sums* sums, const uint8_t* const* from, const typename Entry::WeightLanes* weights, size_t columns) {
  typename Entry::Sums s[TILE];
  typename Entry::Values x[TILE];
#pragma GCC unroll 4
  for (size_t t = 0; t < TILE; t++) s[t] = sums[t];
  const size_t groups = columns / LANES, rest = columns % LANES;
  for (size_t g = 0; g < groups; g++) {
#pragma GCC unroll 4
    for (size_t t = 0; t < TILE; t++) x[t] = Entry::load(from[t] + g * LANES * Entry::BYTES);
    Entry::template add<TILE>(s, x, weights[g]);
  }
  if (rest) {
    // Weights are zero beyond the end.
#pragma GCC unroll 4
    for (size_t t = 0; t < TILE; t++) {
      uint8_t part[LANES * Entry::BYTES] = {};
      std::memcpy(part, from[t] + groups * LANES * Entry::BYTES, rest * Entry::BYTES);
      x[t] = Entry::load(part);
    }
    Entry::template add<TILE>(s, x, weights[groups]);
  }
#pragma GCC unroll 4
  for (size_t t = 0; t < TILE; t++) sums[t] = s[t];
}

template <class Entry>
class Dots {
 public:
  using Sums = typename Entry::Sums;
  const uint8_t* table;
  const uint8_t* weights;
  size_t rowLength, period;

  /** out[i] += the columns from .. to of the rows i = first + k period, k < count. */
  void run(Context& context, size_t first, size_t count, size_t from, size_t to, uint8_t* out) const {
    std::vector<typename Entry::WeightLanes> limbs((std::min(MOST_TERMS, to - from) + LANES - 1) / LANES);
    for (size_t j = from; j < to; j += MOST_TERMS) {
      context.checkpoint();
      const size_t columns = std::min(MOST_TERMS, to - j);
      const uint8_t* w = weights + ((first % period) * rowLength + j) * FR_BYTES;
      Sums offset = Sums::zero();
      for (size_t g = 0; g * LANES < columns; g++) {
        const size_t at = g * LANES;
        limbs[g] = Entry::split(columns - at >= LANES ? loadFr(w + at * FR_BYTES) : loadPart<FrModulus>(w + at * FR_BYTES, columns - at));
        Entry::takeOffset(offset, limbs[g]);
      }
      for (size_t k = 0; k < count; k += LANES) {
        if (k % 512 == 504) context.checkpoint();
        rows(first + k * period, std::min(LANES, count - k), j, columns, limbs.data(), offset, out);
      }
    }
  }

 private:
  void rows(size_t first, size_t count, size_t j, size_t columns, const typename Entry::WeightLanes* limbs, const Sums& offset, uint8_t* out) const {
    constexpr size_t TILE = LANES == 1 ? 1 : Entry::TILE;
    Sums sums[LANES];
    for (Sums& s : sums) s = offset;
    const uint8_t* from[LANES];
    for (size_t k = 0; k < count; k++) from[k] = table + ((first + k * period) * rowLength + j) * Entry::BYTES;
    size_t k = 0;
    for (; k + TILE <= count; k += TILE) addColumns<Entry, TILE>(sums + k, from + k, limbs, columns);
    for (; k < count; k++) addColumns<Entry, 1>(sums + k, from + k, limbs, columns);
    for (Sums& s : sums) Entry::carry(s);
    alignas(64) Fr values[LANES];
    store<1>(Entry::finishLanes(Sums::across(sums)), values);
    for (size_t i = 0; i < count; i++) {
      uint8_t* to = out + (first + i * period) * FR_BYTES;
      add(values[i], Fr::load(to)).store(to);
    }
  }
};

template <class Entry>
void dots(Context& context, const uint8_t* table, size_t rows, const uint8_t* weights, size_t rowLength, size_t period, uint8_t* out) {
  const Dots<Entry> dots{table, weights, rowLength, period};
  std::memset(out, 0, rows * FR_BYTES);
  const size_t most = (rows + period - 1) / period;  // rows of a residue
  const double rowNs = ENTRY_NS<Entry> * double(rowLength) + 20, segmentNs = WEIGHT_NS * double(rowLength);
  // Tasks: residues, cut into blocks of rows that are large against the making of the limbs; if there are too few, columns too.
  const double all = rowNs * double(rows) + segmentNs * double(std::min(period, rows));
  const double task = std::max(Ranges::LEAST, std::min(all / (4.0 * context.threads()), Ranges::MOST));
  const size_t block = std::min(most, (size_t(std::max(task, 4 * segmentNs) / rowNs) / LANES + 1) * LANES);
  const size_t blocks = (most + block - 1) / block, residues = std::min(period, rows);
  const size_t rowTasks = blocks * residues;
  // A single task is cut as well: it would see the caller's abort too late otherwise, or leave threads idle.
  const size_t wanted = all > 2 * Ranges::LEAST && context.threads() > 1 && rowTasks < 2 * size_t(context.threads()) ? 4 * size_t(context.threads()) / rowTasks + 1 : 1;
  const size_t part = std::max(MOST_TERMS, (rowLength / wanted + MOST_TERMS - 1) / MOST_TERMS * MOST_TERMS);
  const size_t parts = (rowLength + part - 1) / part;
  const size_t split = wanted > 1 ? parts : 1;
  std::vector<uint8_t> partial((split - 1) * rows * FR_BYTES);
  const size_t count = rowTasks * split;
  std::atomic<size_t> done{0};
  context.parallelFor(count, [&](size_t index, int) {
    const size_t p = index / rowTasks, residue = index % rowTasks % residues, b = index % rowTasks / residues;
    const size_t ofResidue = (rows - residue + period - 1) / period;
    if (b * block < ofResidue) {
      const size_t from = split == 1 ? 0 : p * part, to = split == 1 ? rowLength : std::min(rowLength, from + part);
      dots.run(context, residue + b * block * period, std::min(block, ofResidue - b * block), from, to, p == 0 ? out : &partial[(p - 1) * rows * FR_BYTES]);
    }
    context.progress(++done, count);
  });
  for (size_t p = 1; p < split; p++)
    for (size_t i = 0; i < rows; i++) add(Fr::load(out + i * FR_BYTES), Fr::load(&partial[((p - 1) * rows + i) * FR_BYTES])).store(out + i * FR_BYTES);
}

}  // namespace

void dotRows(Context& context, const TableView& table, const uint8_t* weights, size_t rowLength, size_t period, uint8_t* out) {
  const auto* data = static_cast<const uint8_t*>(table.data);
  const size_t rows = rowLength == 0 ? 0 : table.length / rowLength;
  if (rows == 0) return;
  switch (table.kind) {
    case TableKind::Bit: return dots<SmallEntry<uint8_t>>(context, data, rows, weights, rowLength, period, out);
    case TableKind::Int8: return dots<SmallEntry<int8_t>>(context, data, rows, weights, rowLength, period, out);
    case TableKind::Int16: return dots<SmallEntry<int16_t>>(context, data, rows, weights, rowLength, period, out);
    case TableKind::Fr: return dots<FrEntry>(context, data, rows, weights, rowLength, period, out);
  }
}

}  // namespace zkattr
