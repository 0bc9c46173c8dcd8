/** A whole file mapped into memory, read-only. Cutting the file while it is mapped ends the process (SIGBUS): replace files, do not rewrite them. */
#pragma once
#include <string>
#include "container.h"

namespace zkattr {
namespace groth16_detail {

class Mapping {
 public:
  /** @throws std::system_error when the file cannot be opened or mapped */
  explicit Mapping(const std::string& path);
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  Bytes bytes() const { return bytes_; }

 private:
  Bytes bytes_;
};

}  // namespace groth16_detail
}  // namespace zkattr
