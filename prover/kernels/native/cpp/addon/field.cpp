/** field/ops.h for JavaScript. */
#include "../field/ops.h"
#include "arguments.h"
#include "register.h"

namespace zkattr {
namespace {

constexpr size_t FR_BYTES = 32;

FieldId fieldOf(Arguments& arguments) {
  const std::string name = arguments.text("field");
  arguments.require(name == "Fr" || name == "Fq", "field", "Fr or Fq");
  return name == "Fr" ? FieldId::Fr : FieldId::Fq;
}

/** (pool, field, op, a, b, out, options) */
Napi::Value binary(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "fieldBinary");
  const FieldId field = fieldOf(arguments);
  const std::string name = arguments.text("op");
  arguments.require(name == "add" || name == "sub" || name == "mul", "op", "add, sub or mul");
  const BinaryOp op = name == "add" ? BinaryOp::Add : name == "sub" ? BinaryOp::Sub : BinaryOp::Mul;
  size_t n = 0;
  const uint8_t* a = arguments.entries("a", FR_BYTES, n);
  const uint8_t* b = arguments.exactly("b", n, FR_BYTES);
  uint8_t* out = arguments.exactly("out", n, FR_BYTES);
  return arguments.launch([=](Context& context) { fieldBinary(context, field, op, a, b, n, out); });
}

/** (pool, field, op, a, out, options) */
Napi::Value unary(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "fieldUnary");
  const FieldId field = fieldOf(arguments);
  const std::string name = arguments.text("op");
  arguments.require(name == "neg" || name == "square" || name == "toMontgomery" || name == "fromMontgomery", "op", "neg, square, toMontgomery or fromMontgomery");
  const UnaryOp op = name == "neg" ? UnaryOp::Neg : name == "square" ? UnaryOp::Square : name == "toMontgomery" ? UnaryOp::ToMontgomery : UnaryOp::FromMontgomery;
  size_t n = 0;
  const uint8_t* a = arguments.entries("a", FR_BYTES, n);
  uint8_t* out = arguments.exactly("out", n, FR_BYTES);
  return arguments.launch([=](Context& context) { fieldUnary(context, field, op, a, n, out); });
}

/** (pool, field, a, out, options) */
Napi::Value batchInverse(const Napi::CallbackInfo& info) {
  Arguments arguments(info, "fieldBatchInverse");
  const FieldId field = fieldOf(arguments);
  size_t n = 0;
  const uint8_t* a = arguments.entries("a", FR_BYTES, n);
  uint8_t* out = arguments.exactly("out", n, FR_BYTES);
  return arguments.launch([=](Context& context) { fieldBatchInverse(context, field, a, n, out); });
}

}  // namespace

void registerField(Napi::Env env, Napi::Object exports) {
  exports.Set("fieldBinary", Napi::Function::New<binary>(env));
  exports.Set("fieldUnary", Napi::Function::New<unary>(env));
  exports.Set("fieldBatchInverse", Napi::Function::New<batchInverse>(env));
}

}  // namespace zkattr
