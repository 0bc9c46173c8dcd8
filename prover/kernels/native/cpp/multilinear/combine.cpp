#include "../parallel/ranges.h"
#include "multilinear.h"
#include "weightedRows.h"

namespace zkattr {
namespace {

/** Nanoseconds an entry, measured (N = 8) or a fifth of a product (N = 1); for Fr a read from memory. */
template <class Entry>
constexpr double ENTRY_NS = Entry::BYTES == FR_BYTES ? (LANES == 8 ? 3 : 20) : (LANES == 8 ? 0.3 : 3);

constexpr size_t UNIT = 96;  // columns: whole tiles of every kind, and three cache lines of bytes are not split

/** Columns of a run: 48 to 80 bytes each in the second cache; with few rows in the first one, since sums are then written often. */
constexpr size_t RUN_COLUMNS = 1024, FEW_ROWS_COLUMNS = 192;

/** f with the entry of that kind. */
template <class Body>
void withEntry(TableKind kind, const Body& body) {
  switch (kind) {
    case TableKind::Bit: return body(SmallEntry<uint8_t>());
    case TableKind::Int8: return body(SmallEntry<int8_t>());
    case TableKind::Int16: return body(SmallEntry<int16_t>());
    case TableKind::Fr: return body(FrEntry());
  }
}

template <class Entry>
void combine(Context& context, const uint8_t* weights, size_t rows, const uint8_t* table, size_t length, size_t rowLength, uint8_t* out) {
  const auto at = [=](size_t i) { return WeightedRow{table + i * rowLength * Entry::BYTES, std::min(rowLength, length - i * rowLength), weights + i * FR_BYTES}; };
  const double columnNs = ENTRY_NS<Entry> * double(rows) + 5;
  const auto columns = [&](size_t from, size_t to, size_t firstRow, size_t lastRow, uint8_t* target) {
    RowSums<Entry> sums;
    for (size_t j = from; j < to; j += RUN_COLUMNS) {
      const size_t n = std::min(RUN_COLUMNS, to - j);
      bool first = true;
      for (size_t i = firstRow; i < lastRow || first; first = false) {
        context.checkpoint();
        i = sums.run(at, i, lastRow, j, n);
        writeRun(n, first, target + j * FR_BYTES, sums);
      }
    }
  };
  const Ranges byColumns(context, rowLength, columnNs, UNIT);
  const Ranges byRows(context, rows, ENTRY_NS<Entry> * double(rowLength) + 20, RUN_ROWS);
  if (byRows.count() < 2 * byColumns.count() || rowLength > 4096) {
    byColumns.run(context, [&](size_t from, size_t to, size_t) { columns(from, to, 0, rows, out); });
    return;
  }
  // Few columns: threads take rows, and their results are added.
  std::vector<uint8_t> parts(byRows.count() * rowLength * FR_BYTES);
  byRows.run(context, [&](size_t from, size_t to, size_t task) { columns(0, rowLength, from, to, &parts[task * rowLength * FR_BYTES]); });
  for (size_t j = 0; j < rowLength; j++) {
    Fr sum = Fr::zero();
    for (size_t part = 0; part < byRows.count(); part++) sum = add(sum, Fr::load(&parts[(part * rowLength + j) * FR_BYTES]));
    sum.store(out + j * FR_BYTES);
  }
}

}  // namespace

void combineRows(Context& context, const uint8_t* weights, size_t rows, const TableView& table, size_t rowLength, uint8_t* out) {
  if (rowLength == 0) return;
  const size_t present = std::min(rows, (table.length + rowLength - 1) / rowLength);
  // One column is one dot product: lanes along it.
  if (rowLength == 1 && present > 0) return dotRows(context, table, weights, present, 1, out);
  withEntry(table.kind, [&](auto entry) {
    combine<decltype(entry)>(context, weights, present, static_cast<const uint8_t*>(table.data), table.length, rowLength, out);
  });
}

void linearCombination(Context& context, const uint8_t* coefficients, const TableView* tables, size_t count, size_t length, uint8_t* out) {
  std::vector<WeightedRow> rows[4];
  double columnNs = 5;
  for (size_t k = 0; k < count; k++) {
    if (tables[k].length == 0) continue;
    rows[size_t(tables[k].kind)].push_back({static_cast<const uint8_t*>(tables[k].data), tables[k].length, coefficients + k * FR_BYTES});
    withEntry(tables[k].kind, [&](auto entry) { columnNs += ENTRY_NS<decltype(entry)> + 1; });
  }
  Ranges(context, length, columnNs, UNIT).run(context, [&](size_t from, size_t to, size_t) {
    RowSums<SmallEntry<uint8_t>> bits;
    RowSums<SmallEntry<int8_t>> bytes;
    RowSums<SmallEntry<int16_t>> words;
    RowSums<FrEntry> elements;
    for (size_t j = from; j < to; j += FEW_ROWS_COLUMNS) {
      const size_t columns = std::min(FEW_ROWS_COLUMNS, to - j);
      size_t done[4] = {0, 0, 0, 0};
      const auto run = [&](auto& sums, TableKind kind) {
        const std::vector<WeightedRow>& of = rows[size_t(kind)];
        size_t& next = done[size_t(kind)];
        next = sums.run([&](size_t i) { return of[i]; }, next, of.size(), j, columns);
        return next < of.size();
      };
      for (bool first = true, more = true; more; first = false) {
        more = run(elements, TableKind::Fr);
        more |= run(bits, TableKind::Bit);
        more |= run(bytes, TableKind::Int8);
        more |= run(words, TableKind::Int16);
        writeRun(columns, first, out + j * FR_BYTES, elements, bits, bytes, words);
      }
    }
  });
}

}  // namespace zkattr
