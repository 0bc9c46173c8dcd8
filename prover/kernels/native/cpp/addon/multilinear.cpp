/** multilinear/multilinear.h for JavaScript. Shapes are checked in prover/kernels/shape.ts; here lengths are, once more. */
#include "../multilinear/multilinear.h"
#include "arguments.h"
#include "register.h"

namespace zkattr {
namespace {

constexpr size_t FR_BYTES = 32;
/** More variables than any table in memory has. */
constexpr size_t MAX_VARIABLES = 40;
constexpr size_t MAX_ENTRIES = size_t{1} << 32;

/** (pool, point, out, options) */
Napi::Value eq(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "eqTable");
  size_t variables = 0;
  const uint8_t* point = arguments.entries("point", FR_BYTES, variables);
  arguments.require(variables <= MAX_VARIABLES, "point", "at most 40 variables");
  uint8_t* out = arguments.exactly("out", size_t{1} << variables, FR_BYTES);
  return arguments.launch([=](Context& context) { eqTable(context, point, static_cast<unsigned>(variables), out); });
}

/** (pool, weights, table, out of rowLength entries, options) */
Napi::Value combine(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "combineRows");
  size_t rows = 0, rowLength = 0;
  const uint8_t* weights = arguments.entries("weights", FR_BYTES, rows);
  const TableView table = arguments.table("table");
  uint8_t* out = arguments.entries("out", FR_BYTES, rowLength);
  arguments.require(rowLength < MAX_ENTRIES && rows < MAX_ENTRIES && table.length <= rows * rowLength, "table", "at most one row for each weight");
  return arguments.launch([=](Context& context) { combineRows(context, weights, rows, table, rowLength, out); });
}

/** (pool, table, weights, rowLength, period, out, options) */
Napi::Value dot(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "dotRows");
  const TableView table = arguments.table("table");
  const Memory weights = arguments.bytes("weights");
  const size_t rowLength = arguments.integer("rowLength", MAX_ENTRIES), period = arguments.integer("period", MAX_ENTRIES - 1);
  arguments.require(rowLength > 0 && table.length % rowLength == 0, "table", "a whole number of rows");
  arguments.require(period > 0 && weights.bytes % FR_BYTES == 0 && weights.bytes / FR_BYTES / rowLength == period && weights.bytes / FR_BYTES % rowLength == 0, "weights", "period x rowLength elements");
  uint8_t* out = arguments.exactly("out", table.length / rowLength, FR_BYTES);
  return arguments.launch([=](Context& context) { dotRows(context, table, weights.data, rowLength, period, out); });
}

/** (pool, coefficients, tables, out, options) */
Napi::Value combination(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "linearCombination");
  size_t count = 0, length = 0;
  const uint8_t* coefficients = arguments.entries("coefficients", FR_BYTES, count);
  const std::vector<TableView> tables = arguments.tables("tables");
  arguments.require(tables.size() == count, "tables", "one for each coefficient");
  uint8_t* out = arguments.entries("out", FR_BYTES, length);
  for (const TableView& table : tables) arguments.require(table.length <= length, "tables", "none longer than the result");
  return arguments.launch([=](Context& context) { linearCombination(context, coefficients, tables.data(), tables.size(), length, out); });
}

/** (pool, high, low, out, options) */
Napi::Value tensor(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "outer");
  size_t highCount = 0, lowCount = 0;
  const uint8_t* high = arguments.entries("high", FR_BYTES, highCount);
  const uint8_t* low = arguments.entries("low", FR_BYTES, lowCount);
  arguments.require(highCount < MAX_ENTRIES && lowCount < MAX_ENTRIES / FR_BYTES, "low", "a product that fits in memory");
  uint8_t* out = arguments.exactly("out", highCount * lowCount, FR_BYTES);
  return arguments.launch([=](Context& context) { outer(context, high, highCount, low, lowCount, out); });
}

std::vector<RoundTerm> termsOf(Arguments& arguments, size_t tables, unsigned degree) {
  const Napi::Value list = arguments.value();
  arguments.require(list.IsArray(), "terms", "an array");
  const Napi::Array items = list.As<Napi::Array>();
  std::vector<RoundTerm> terms;
  for (uint32_t t = 0; t < items.Length(); t++) {
    const Napi::Value item = items.Get(t);
    arguments.require(item.IsObject() && item.As<Napi::Object>().Get("factors").IsArray(), "terms", "objects with sign and factors");
    const Napi::Array factors = item.As<Napi::Object>().Get("factors").As<Napi::Array>();
    arguments.require(factors.Length() >= 1 && factors.Length() <= degree, "terms.factors", "one to degree factors");
    RoundTerm term{item.As<Napi::Object>().Get("sign").ToNumber().Int32Value() < 0 ? -1 : 1, factors.Length(), {0, 0, 0}};
    for (uint32_t f = 0; f < factors.Length(); f++) {
      const double k = factors.Get(f).ToNumber().DoubleValue();
      arguments.require(k >= 0 && k < static_cast<double>(tables), "terms.factors", "positions of tables");
      term.factors[f] = static_cast<unsigned>(k);
    }
    terms.push_back(term);
  }
  return terms;
}

/** (pool, half, tables, degree, terms, out, options) */
Napi::Value round(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "roundPolynomial");
  const size_t half = arguments.integer("half", MAX_ENTRIES);
  const std::vector<uint8_t*> pointers = arguments.arrays("tables", 2 * half, FR_BYTES);
  const unsigned degree = static_cast<unsigned>(arguments.integer("degree", 3));
  arguments.require(degree >= 2, "degree", "2 or 3");
  const std::vector<RoundTerm> terms = termsOf(arguments, pointers.size(), degree);
  uint8_t* out = arguments.exactly("out", degree + 1, FR_BYTES);
  const std::vector<const uint8_t*> tables(pointers.begin(), pointers.end());
  return arguments.launch([=](Context& context) { roundPolynomial(context, tables.data(), tables.size(), half, terms.data(), terms.size(), degree, out); });
}

/** (pool, half, tables, r, outs, options) */
Napi::Value fold(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "foldAll");
  const size_t half = arguments.integer("half", MAX_ENTRIES);
  const std::vector<uint8_t*> pointers = arguments.arrays("tables", 2 * half, FR_BYTES);
  const uint8_t* r = arguments.exactly("r", 1, FR_BYTES);
  const std::vector<uint8_t*> outs = arguments.arrays("outs", half, FR_BYTES);
  arguments.require(outs.size() == pointers.size(), "outs", "one for each table");
  const std::vector<const uint8_t*> tables(pointers.begin(), pointers.end());
  return arguments.launch([=](Context& context) { foldAll(context, tables.data(), tables.size(), half, r, outs.data()); });
}

/** (pool, f, alpha, quotient, remainder of blo entries, options) */
Napi::Value binomial(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "divideByBinomial");
  size_t n = 0, blo = 0;
  const uint8_t* f = arguments.entries("f", FR_BYTES, n);
  const uint8_t* alpha = arguments.exactly("alpha", 1, FR_BYTES);
  uint8_t* quotient = arguments.exactly("quotient", n, FR_BYTES);
  uint8_t* remainder = arguments.entries("remainder", FR_BYTES, blo);
  arguments.require(blo > 0 && n > 0 && n % blo == 0, "remainder", "a block, of which f is a whole number");
  return arguments.launch([=](Context& context) { divideByBinomial(context, f, n, blo, alpha, quotient, remainder); });
}

/** (pool, f, z, quotient, value, options) */
Napi::Value linear(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "divideByLinear");
  size_t n = 0;
  const uint8_t* f = arguments.entries("f", FR_BYTES, n);
  const uint8_t* z = arguments.exactly("z", 1, FR_BYTES);
  uint8_t* quotient = arguments.exactly("quotient", n, FR_BYTES);
  uint8_t* value = arguments.exactly("value", 1, FR_BYTES);
  return arguments.launch([=](Context& context) { divideByLinear(context, f, n, z, quotient, value); });
}

/** (pool, g, h, uLow, uHigh, gamma, out, options) */
Napi::Value s(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "mercuryS");
  size_t gCount = 0, hCount = 0, low = 0, high = 0;
  const uint8_t* g = arguments.entries("g", FR_BYTES, gCount);
  const uint8_t* h = arguments.entries("h", FR_BYTES, hCount);
  const uint8_t* uLow = arguments.entries("uLow", FR_BYTES, low);
  const uint8_t* uHigh = arguments.entries("uHigh", FR_BYTES, high);
  const uint8_t* gamma = arguments.exactly("gamma", 1, FR_BYTES);
  uint8_t* out = arguments.exactly("out", gCount, FR_BYTES);
  arguments.require(hCount <= gCount, "h", "not longer than g");
  arguments.require(low <= MAX_VARIABLES && high <= MAX_VARIABLES && size_t{1} << low <= gCount && size_t{1} << high <= gCount, "uLow, uHigh", "products not longer than g");
  return arguments.launch([=](Context& context) {
    mercuryS(context, g, gCount, h, hCount, uLow, static_cast<unsigned>(low), uHigh, static_cast<unsigned>(high), gamma, out);
  });
}

}  // namespace

void registerMultilinear(Napi::Env env, Napi::Object exports) {
  exports.Set("eqTable", Napi::Function::New<eq>(env));
  exports.Set("combineRows", Napi::Function::New<combine>(env));
  exports.Set("dotRows", Napi::Function::New<dot>(env));
  exports.Set("linearCombination", Napi::Function::New<combination>(env));
  exports.Set("outer", Napi::Function::New<tensor>(env));
  exports.Set("roundPolynomial", Napi::Function::New<round>(env));
  exports.Set("foldAll", Napi::Function::New<fold>(env));
  exports.Set("divideByBinomial", Napi::Function::New<binomial>(env));
  exports.Set("divideByLinear", Napi::Function::New<linear>(env));
  exports.Set("mercuryS", Napi::Function::New<s>(env));
}

}  // namespace zkattr
