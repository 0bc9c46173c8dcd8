#include "arguments.h"
#include <cmath>
#include <utility>
#include "../parallel/inlineContext.h"
#include "poolObject.h"

namespace zkattr {

Arguments::Arguments(const Napi::CallbackInfo& info, const char* name) : info_(info), env_(info.Env()), name_(name) {
  const Napi::Value first = value();
  PoolObject* const object = PoolObject::from(first);
  if (object == nullptr) fail("pool", "a Pool", "something else");
  pool_ = &object->pool();
  pins_.push_back(first.As<Napi::Object>());
}

void Arguments::fail(const std::string& what, const std::string& expected, const std::string& got) const {
  Napi::TypeError error = Napi::TypeError::New(env_, std::string(name_) + ": " + what + ": expected " + expected + ", got " + got);
  error.Set("code", Napi::String::New(env_, "ZKATTR_ARGUMENT"));
  throw error;
}

void Arguments::require(bool holds, const char* what, const std::string& expected) const {
  if (!holds) fail(what, expected, "another value");
}

Napi::Value Arguments::value() { return next_ < info_.Length() ? info_[next_++] : env_.Undefined(); }

Memory Arguments::memory(const Napi::Value& value, const std::string& what) {
  if (!value.IsTypedArray()) fail(what, "a typed array", "something else");
  Memory memory{nullptr, 0, napi_uint8_array};
  size_t length = 0;
  void* data = nullptr;
  napi_value buffer = nullptr;
  // The C function: its C++ wrapper refuses arrays over shared memory.
  if (napi_get_typedarray_info(env_, value, &memory.type, &length, &data, &buffer, nullptr) != napi_ok) fail(what, "a typed array", "one that cannot be read");
  bool detached = false;
  if (napi_is_detached_arraybuffer(env_, buffer, &detached) == napi_ok && detached) fail(what, "a buffer that is attached", "a detached one");
  // A buffer that can shrink under a running call cannot be checked beforehand. (Shared ones only grow.)
  if (Napi::Object(env_, buffer).Get("resizable").ToBoolean()) fail(what, "a buffer of fixed length", "a resizable one");
  memory.data = static_cast<uint8_t*>(data);
  memory.bytes = length * (memory.type == napi_int16_array ? 2 : memory.type == napi_int32_array ? 4 : 1);
  pins_.push_back(value.As<Napi::Object>());
  return memory;
}

Memory Arguments::bytes(const char* what) {
  const Memory found = memory(value(), what);
  if (found.type != napi_uint8_array) fail(what, "a Uint8Array", "another typed array");
  return found;
}

uint8_t* Arguments::exactly(const char* what, size_t count, size_t unit) {
  const Memory found = bytes(what);
  if (found.bytes != count * unit) fail(what, std::to_string(count * unit) + " bytes", std::to_string(found.bytes));
  return found.data;
}

const uint8_t* Arguments::atLeast(const char* what, size_t count, size_t unit) {
  const Memory found = bytes(what);
  if (found.bytes < count * unit) fail(what, "at least " + std::to_string(count * unit) + " bytes", std::to_string(found.bytes));
  return found.data;
}

uint8_t* Arguments::entries(const char* what, size_t unit, size_t& count) {
  const Memory found = bytes(what);
  if (found.bytes % unit != 0) fail(what, "a multiple of " + std::to_string(unit) + " bytes", std::to_string(found.bytes));
  count = found.bytes / unit;
  return found.data;
}

const uint8_t* Arguments::optional(const char* what, size_t bytes) {
  if (next_ < info_.Length() && (info_[next_].IsUndefined() || info_[next_].IsNull())) {
    next_++;
    return nullptr;
  }
  return exactly(what, bytes, 1);
}

TableView Arguments::tableOf(const Napi::Value& value, const std::string& what) {
  if (!value.IsObject()) fail(what, "a table", "something else");
  const Napi::Object object = value.As<Napi::Object>();
  const Memory data = memory(object.Get("data"), what + ".data");
  const std::string kind = object.Get("kind").ToString();
  if (kind == "int8" && data.type == napi_int8_array) return {TableKind::Int8, data.data, data.bytes};
  if (kind == "int16" && data.type == napi_int16_array) return {TableKind::Int16, data.data, data.bytes / 2};
  if (kind == "bit" && data.type == napi_uint8_array) return {TableKind::Bit, data.data, data.bytes};
  if (kind == "fr" && data.type == napi_uint8_array && data.bytes % 32 == 0) return {TableKind::Fr, data.data, data.bytes / 32};
  fail(what, "kind int8 of an Int8Array, int16 of an Int16Array, bit of a Uint8Array or fr of one of whole elements", kind);
}

TableView Arguments::table(const char* what) { return tableOf(value(), what); }

std::vector<TableView> Arguments::tables(const char* what) {
  const Napi::Value list = value();
  if (!list.IsArray()) fail(what, "an array", "something else");
  const Napi::Array items = list.As<Napi::Array>();
  std::vector<TableView> views;
  for (uint32_t i = 0; i < items.Length(); i++) views.push_back(tableOf(items.Get(i), std::string(what) + "[" + std::to_string(i) + "]"));
  return views;
}

std::vector<uint8_t*> Arguments::arrays(const char* what, size_t count, size_t unit) {
  const Napi::Value list = value();
  if (!list.IsArray()) fail(what, "an array", "something else");
  const Napi::Array items = list.As<Napi::Array>();
  std::vector<uint8_t*> pointers;
  for (uint32_t i = 0; i < items.Length(); i++) {
    const std::string where = std::string(what) + "[" + std::to_string(i) + "]";
    const Memory found = memory(items.Get(i), where);
    if (found.type != napi_uint8_array || found.bytes != count * unit) fail(where, "a Uint8Array of " + std::to_string(count * unit) + " bytes", std::to_string(found.bytes));
    pointers.push_back(found.data);
  }
  return pointers;
}

size_t Arguments::integer(const char* what, size_t max) {
  const Napi::Value given = value();
  const double number = given.IsNumber() ? given.As<Napi::Number>().DoubleValue() : -1;
  if (!(number >= 0 && number <= static_cast<double>(max)) || number != std::floor(number)) {
    fail(what, "an integer from 0 to " + std::to_string(max), given.ToString());
  }
  return static_cast<size_t>(number);
}

bool Arguments::boolean(const char* what) {
  const Napi::Value given = value();
  if (!given.IsBoolean()) fail(what, "true or false", given.ToString());
  return given.As<Napi::Boolean>();
}

std::string Arguments::text(const char* what) {
  const Napi::Value given = value();
  if (!given.IsString()) fail(what, "a string", "something else");
  return given.As<Napi::String>();
}

Napi::Value Arguments::launch(Call::Body body, Call::Result result) {
  const Napi::Value options = value();
  const Napi::Object object = options.IsObject() ? options.As<Napi::Object>() : Napi::Object::New(env_);
  if (object.Get("inline").ToBoolean()) {
    try {
      InlineContext context;
      body(context);
    } catch (...) {
      throw toError(env_, std::current_exception(), name_);
    }
    return result ? result(env_) : env_.Undefined();
  }
  auto call = std::make_unique<Call>(env_, name_, std::move(body), std::move(result));
  const Napi::Value flag = object.Get("flag");
  if (!flag.IsUndefined()) {
    const Memory found = memory(flag, "options.flag");
    if (found.type != napi_int32_array || found.bytes < 4) fail("options.flag", "an Int32Array of one entry or more", "something else");
    call->abortOn(reinterpret_cast<const int32_t*>(found.data));
  }
  const Napi::Value progress = object.Get("progress");
  if (progress.IsFunction()) call->reportTo(progress.As<Napi::Function>());
  for (const Napi::Object& pinned : pins_) call->pin(pinned);
  const Napi::Promise promise = call->promise();
  try {
    Environment::of(env_).submit(*pool_, std::move(call));
  } catch (...) {
    throw toError(env_, std::current_exception(), name_);
  }
  return promise;
}

}  // namespace zkattr
