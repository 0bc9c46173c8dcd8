/**
 * Arguments of one call, taken in order and checked: a wrong call throws here and never reads out of bounds.
 *   (pool, arguments..., options) -> Promise, or undefined when run on the calling thread
 *   options: { inline?: boolean, flag?: Int32Array, progress?: (done, total) => void }
 * Typed arrays are used where they lie, also over shared memory, and kept alive until the promise settles. The caller does not
 * transfer, write or (outputs) read them meanwhile.
 */
#pragma once
#include <napi.h>
#include <string>
#include <vector>
#include "../multilinear/multilinear.h"
#include "call.h"

namespace zkattr {

/** Memory of a typed array. */
struct Memory {
  uint8_t* data;
  size_t bytes;
  napi_typedarray_type type;
};

class Arguments {
 public:
  /** @param name of the function, for messages and errors; a literal. Takes the pool. */
  Arguments(const Napi::CallbackInfo& info, const char* name);

  /** A Uint8Array of any length. */
  Memory bytes(const char* what);
  /** A Uint8Array of count entries of `unit` bytes exactly. */
  uint8_t* exactly(const char* what, size_t count, size_t unit);
  /** The same, or longer. */
  const uint8_t* atLeast(const char* what, size_t count, size_t unit);
  /** A Uint8Array of whole entries of `unit` bytes; their number goes to `count`. */
  uint8_t* entries(const char* what, size_t unit, size_t& count);
  /** A Uint8Array, or null for undefined. */
  const uint8_t* optional(const char* what, size_t bytes);
  /** { kind: 'bit' | 'int8' | 'int16' | 'fr', data }. */
  TableView table(const char* what);
  std::vector<TableView> tables(const char* what);
  /** An array of Uint8Arrays of count x unit bytes each. */
  std::vector<uint8_t*> arrays(const char* what, size_t count, size_t unit);
  /** An integer from 0 to max, at most 2^32. */
  size_t integer(const char* what, size_t max);
  bool boolean(const char* what);
  std::string text(const char* what);
  /** Any other argument. */
  Napi::Value value();

  /** Refuses the call unless `holds`. */
  void require(bool holds, const char* what, const std::string& expected) const;

  /** Takes the options and runs `body`: on the pool, or at once with options.inline. */
  Napi::Value launch(Call::Body body, Call::Result result = nullptr);

 private:
  Memory memory(const Napi::Value& value, const std::string& what);
  TableView tableOf(const Napi::Value& value, const std::string& what);
  [[noreturn]] void fail(const std::string& what, const std::string& expected, const std::string& got) const;

  const Napi::CallbackInfo& info_;
  const Napi::Env env_;
  const char* const name_;
  size_t next_ = 0;
  Pool* pool_ = nullptr;
  std::vector<Napi::Object> pins_;
};

}  // namespace zkattr
