/**
 * out[j] = sum_i weight_i row_i[j], rows of one kind, of different lengths (missing = 0): behind combineRows and linearCombination.
 * Columns are lanes. Sums of a run of columns stay in the level-2 cache while eight rows at a time run over them, each row a
 * stream of its own; what does not fill a tile of columns is copied to a padded buffer.
 */
#pragma once
#include <vector>
#include "entries.h"

namespace zkattr {

struct WeightedRow {
  const uint8_t* data;
  /** Entries. */
  size_t length;
  /** One element. */
  const uint8_t* weight;
};

/** Columns of a run: sums of 48 to 80 bytes each. */
inline constexpr size_t RUN_COLUMNS = 1024;
/** Rows that run over the sums at once. */
inline constexpr size_t RUN_ROWS = 8;

/** sums[c] += sum_i weights_i rows_i[c], over `tiles` tiles of TILE LANES columns. */
template <class Entry>
inline void addRows(typename Entry::Sums* sums, size_t tiles, const uint8_t* const* rows, const typename Entry::Weight* weights, size_t count) {
  constexpr size_t TILE = Entry::TILE, STEP = LANES * Entry::BYTES;
  for (size_t tile = 0; tile < tiles; tile++) {
    typename Entry::Sums s[TILE];
    for (size_t t = 0; t < TILE; t++) s[t] = sums[tile * TILE + t];
    for (size_t i = 0; i < count; i++) {
      const uint8_t* from = rows[i] + tile * TILE * STEP;
      for (size_t t = 0; t < TILE; t++) Entry::add(s[t], Entry::load(from + t * STEP), weights[i]);
    }
    for (size_t t = 0; t < TILE; t++) sums[tile * TILE + t] = s[t];
  }
}

/** Working memory of one task. */
template <class Entry>
class RowSums {
 public:
  /**
   * out[0 .. columns) (+)= the rows at(0) .. at(rows - 1), their columns from .. from + columns; columns <= RUN_COLUMNS.
   * @param first  set: out is written, else added to; unset here
   */
  template <class At>
  void run(Context& context, const At& at, size_t rows, size_t from, size_t columns, uint8_t* out, bool& first) {
    const size_t width = Entry::TILE * LANES, tiles = (columns + width - 1) / width, groups = tiles * Entry::TILE;
    sums_.resize(groups);
    for (size_t i = 0; i < rows;) {
      context.checkpoint();
      std::fill(sums_.begin(), sums_.end(), Entry::Sums::zero());
      typename Entry::Sums offset = Entry::Sums::zero();
      size_t terms = 0, sinceCarry = 0;
      while (i < rows && terms + RUN_ROWS <= Entry::TERMS) {
        size_t count = 0;
        for (; i < rows && count < RUN_ROWS; i++) {
          const WeightedRow row = at(i);
          if (row.length <= from) continue;
          weights_[count] = Entry::everywhere(Fr::load(row.weight));
          Entry::takeOffset(offset, weights_[count]);
          lengths_[count] = std::min(row.length - from, columns);
          pointers_[count++] = row.data + from * Entry::BYTES;
        }
        add(count, columns);
        terms += count, sinceCarry += count;
        if (sinceCarry + RUN_ROWS > MOST_PRODUCTS) {
          for (auto& s : sums_) Entry::carry(s);
          sinceCarry = 0;
        }
      }
      write(offset, columns, out, first);
      first = false;
    }
  }

 private:
  void add(size_t count, size_t columns) {
    const size_t width = Entry::TILE * LANES, whole = columns / width;
    // Rows that end within this run, padded as a whole.
    for (size_t i = 0; i < count; i++)
      if (lengths_[i] < columns) pad(i, 0, lengths_[i], (columns + width - 1) / width * width);
    if (whole > 0) addRows<Entry>(sums_.data(), whole, pointers_, weights_, count);
    if (whole * width == columns) return;
    for (size_t i = 0; i < count; i++) {
      if (lengths_[i] < columns) pointers_[i] += whole * width * Entry::BYTES;
      else pad(i, whole * width, columns - whole * width, width);
    }
    addRows<Entry>(sums_.data() + whole * Entry::TILE, 1, pointers_, weights_, count);
  }
  /** Row i becomes a copy of `length` of its entries from `from`, zeros up to `padded`. */
  void pad(size_t i, size_t from, size_t length, size_t padded) {
    std::vector<uint8_t>& copy = copies_[i];
    copy.resize(std::max(copy.size(), padded * Entry::BYTES));
    std::memcpy(copy.data(), pointers_[i] + from * Entry::BYTES, length * Entry::BYTES);
    std::memset(copy.data() + length * Entry::BYTES, 0, (padded - length) * Entry::BYTES);
    pointers_[i] = copy.data();
  }
  void write(const typename Entry::Sums& offset, size_t columns, uint8_t* out, bool first) {
    for (size_t g = 0; g * LANES < columns; g++) {
      const size_t count = std::min(LANES, columns - g * LANES);
      uint8_t* to = out + g * LANES * FR_BYTES;
      FrRaw value = Entry::finishRows(Entry::plus(sums_[g], offset));
      if (count == LANES) {
        if (!first) value = zkattr::add(value, loadFr(to));
        store<2>(value, to);
      } else {
        if (!first) value = zkattr::add(value, loadPart<FrModulus>(to, count));
        storePart<2>(value, to, count);
      }
    }
  }

  std::vector<typename Entry::Sums> sums_;
  std::vector<uint8_t> copies_[RUN_ROWS];
  typename Entry::Weight weights_[RUN_ROWS];
  const uint8_t* pointers_[RUN_ROWS];
  size_t lengths_[RUN_ROWS];
};

}  // namespace zkattr
