/**
 * Kernels of the sumchecks and of the opening; equations and shapes in prover/kernels/types.ts, which checks the shapes
 * before any call. Field elements: Montgomery (2^256), 32 bytes, canonical. Outputs are written completely.
 */
#pragma once
#include <cstddef>
#include <cstdint>
#include "../parallel/context.h"

namespace zkattr {

enum class TableKind { Bit, Int8, Int16, Fr };
struct TableView {
  TableKind kind;
  const void* data;
  /** Entries. */
  size_t length;
};
struct RoundTerm {
  int sign;
  unsigned count;
  unsigned factors[3];
};

/** out: 2^variables entries; point low variable first. */
void eqTable(Context& context, const uint8_t* point, unsigned variables, uint8_t* out);
/** out: rowLength entries; rows = weights; the table may be shorter. */
void combineRows(Context& context, const uint8_t* weights, size_t rows, const TableView& table, size_t rowLength, uint8_t* out);
/** out: table.length / rowLength entries. */
void dotRows(Context& context, const TableView& table, const uint8_t* weights, size_t rowLength, size_t period, uint8_t* out);
/** out: length entries. */
void linearCombination(Context& context, const uint8_t* coefficients, const TableView* tables, size_t count, size_t length, uint8_t* out);
/** out: highCount lowCount entries. */
void outer(Context& context, const uint8_t* high, size_t highCount, const uint8_t* low, size_t lowCount, uint8_t* out);
/** tables: count pointers to 2 half entries each; out: degree + 1 coefficients, Montgomery. */
void roundPolynomial(Context& context, const uint8_t* const* tables, size_t count, size_t half, const RoundTerm* terms, size_t termCount, unsigned degree, uint8_t* out);
/** outs[k]: half entries. */
void foldAll(Context& context, const uint8_t* const* tables, size_t count, size_t half, const uint8_t* r, uint8_t* const* outs);
/** quotient: n entries, remainder: blo. */
void divideByBinomial(Context& context, const uint8_t* f, size_t n, size_t blo, const uint8_t* alpha, uint8_t* quotient, uint8_t* remainder);
/** quotient: n entries, value: 1. */
void divideByLinear(Context& context, const uint8_t* f, size_t n, const uint8_t* z, uint8_t* quotient, uint8_t* value);
/** out: b entries, b = gCount. */
void mercuryS(Context& context, const uint8_t* g, size_t gCount, const uint8_t* h, size_t hCount, const uint8_t* uLow, unsigned low, const uint8_t* uHigh, unsigned high, const uint8_t* gamma, uint8_t* out);

}  // namespace zkattr
