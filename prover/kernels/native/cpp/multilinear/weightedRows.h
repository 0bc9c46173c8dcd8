/**
 * out[j] = sum_i weight_i row_i[j], rows of one kind, of different lengths (missing = 0): behind combineRows and linearCombination.
 * Columns are lanes. Sums of a run of columns stay in the level-2 cache while eight rows at a time run over them, each row a
 * stream of its own; what does not fill a tile of columns is copied to a padded buffer.
 */
#pragma once
#include <vector>
#include "../field/pipeline.h"
#include "entries.h"

namespace zkattr {

struct WeightedRow {
  const uint8_t* data;
  /** Entries. */
  size_t length;
  /** One element. */
  const uint8_t* weight;
};

/** Rows that run over the sums at once. */
inline constexpr size_t RUN_ROWS = 8;

/** sums[c] (+)= sum_i weights_i rows_i[c], over `tiles` tiles of TILE LANES columns; fresh sums are not read. */
template <class Entry>
inline void addRows(typename Entry::Sums* sums, bool fresh, size_t tiles, const uint8_t* const* rows, const typename Entry::Weight* weights, size_t count) {
  constexpr size_t TILE = Entry::TILE, STEP = LANES * Entry::BYTES;
  for (size_t tile = 0; tile < tiles; tile++) {
    typename Entry::Sums s[TILE];
#pragma GCC unroll 4
    for (size_t t = 0; t < TILE; t++) s[t] = fresh ? Entry::Sums::zero() : sums[tile * TILE + t];
    for (size_t i = 0; i < count; i++) {
      const uint8_t* from = rows[i] + tile * TILE * STEP;
      typename Entry::Values x[TILE];
#pragma GCC unroll 4
      for (size_t t = 0; t < TILE; t++) x[t] = Entry::load(from + t * STEP);
      Entry::template add<TILE>(s, x, weights[i]);
    }
#pragma GCC unroll 4
    for (size_t t = 0; t < TILE; t++) sums[tile * TILE + t] = s[t];
  }
}

/** Sums of one kind of rows over a run of columns: working memory of a task. */
template <class Entry>
class RowSums {
 public:
  /**
   * Sums of the rows at(i), at(i + 1), ... below `rows` over their columns from .. from + columns, as many as a sum holds.
   * @returns the first row that is left
   */
  template <class At>
  size_t run(const At& at, size_t i, size_t rows, size_t from, size_t columns) {
    const size_t width = Entry::TILE * LANES;
    sums_.resize((columns + width - 1) / width * Entry::TILE);
    offset_ = Entry::Sums::zero();
    empty_ = true;
    size_t terms = 0, sinceCarry = 0;
    while (i < rows && terms + RUN_ROWS <= Entry::ROW_TERMS) {
      size_t count = 0;
      for (; i < rows && count < RUN_ROWS; i++) {
        const WeightedRow row = at(i);
        if (row.length <= from) continue;
        weights_[count] = Entry::everywhere(Fr::load(row.weight));
        Entry::takeOffset(offset_, weights_[count]);
        lengths_[count] = std::min(row.length - from, columns);
        pointers_[count++] = row.data + from * Entry::BYTES;
      }
      if (count == 0) continue;
      add(count, columns);
      empty_ = false;
      terms += count, sinceCarry += count;
      if (sinceCarry + RUN_ROWS > MOST_PRODUCTS) {
        for (auto& s : sums_) Entry::carry(s);
        sinceCarry = 0;
      }
    }
    return i;
  }
  /** No row reached these columns: there are no sums. */
  bool empty() const { return empty_; }
  /** Adds the sums of vector g of the run: to the bound 3p or less (Fr), 1p or less (integers). */
  void into(FrSum& sum, size_t g) const {
    if (!empty_) Entry::into(sum, Entry::plus(sums_[g], offset_));
  }

 private:
  void add(size_t count, size_t columns) {
    const size_t width = Entry::TILE * LANES, whole = columns / width;
    // Rows that end within this run, padded as a whole.
    for (size_t i = 0; i < count; i++)
      if (lengths_[i] < columns) pad(i, 0, lengths_[i], (columns + width - 1) / width * width);
    if (whole > 0) addRows<Entry>(sums_.data(), empty_, whole, pointers_, weights_, count);
    if (whole * width == columns) return;
    for (size_t i = 0; i < count; i++) {
      if (lengths_[i] < columns) pointers_[i] += whole * width * Entry::BYTES;
      else pad(i, whole * width, columns - whole * width, width);
    }
    addRows<Entry>(sums_.data() + whole * Entry::TILE, empty_, 1, pointers_, weights_, count);
  }
  /** Row i becomes a copy of `length` of its entries from `from`, zeros up to `padded`. */
  void pad(size_t i, size_t from, size_t length, size_t padded) {
    std::vector<uint8_t>& copy = copies_[i];
    copy.resize(std::max(copy.size(), padded * Entry::BYTES));
    std::memcpy(copy.data(), pointers_[i] + from * Entry::BYTES, length * Entry::BYTES);
    std::memset(copy.data() + length * Entry::BYTES, 0, (padded - length) * Entry::BYTES);
    pointers_[i] = copy.data();
  }

  std::vector<typename Entry::Sums> sums_;
  typename Entry::Sums offset_;
  bool empty_ = true;
  std::vector<uint8_t> copies_[RUN_ROWS];
  typename Entry::Weight weights_[RUN_ROWS];
  const uint8_t* pointers_[RUN_ROWS];
  size_t lengths_[RUN_ROWS];
};

/** out (+)= all the sums of a run, one kind of each at most: below (1 + 3 + 3 + 1) p with what is there already. */
template <class... Kinds>
inline void writeRun(size_t columns, bool first, uint8_t* out, const Kinds&... kinds) {
  constexpr size_t STEP = LANES * FR_BYTES;
  const size_t whole = columns / LANES, rest = columns % LANES;
  const auto sumOf = [&](size_t g) {
    FrSum sum = FrSum::zero();
    (kinds.into(sum, g), ...);
    return sum;
  };
  const auto start = [&](size_t g) {
    FrSum sum = sumOf(g);
    if (!first) sum.addWhole(loadFr(out + g * STEP));
    return sum;
  };
  pipeline<FrModulus, 8>(whole, out, [](size_t g) { return g; }, start);
  if (rest == 0) return;
  FrSum sum = sumOf(whole);
  if (!first) sum.addWhole(loadPart<FrModulus>(out + whole * STEP, rest));
  storePart<8>(sum.reduce(), out + whole * STEP, rest);
}

}  // namespace zkattr
