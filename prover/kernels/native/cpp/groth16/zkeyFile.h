/** The key behind groth16.h's interface: bytes that are mapped or, in tests, lie in memory anyway, and their view. */
#pragma once
#include "groth16.h"
#include "mapping.h"
#include "zkeyView.h"

namespace zkattr {
namespace groth16_detail {

class ZkeyFile final : public Zkey {
 public:
  /** @throws FormatError, std::system_error */
  explicit ZkeyFile(const std::string& path) : mapping_(new Mapping(path)), view_(parseZkey(mapping_->bytes())) {}
  /** @param bytes outlive the key. @throws FormatError */
  explicit ZkeyFile(Bytes bytes) : view_(parseZkey(bytes)) {}

  uint32_t variables() const override { return view_.variables; }
  uint32_t publics() const override { return view_.publics; }
  uint32_t domain() const override { return view_.domain; }
  const ZkeyView& view() const { return view_; }

 private:
  std::unique_ptr<const Mapping> mapping_;
  ZkeyView view_;
};

/** Every Zkey is one. */
inline const ZkeyView& viewOf(const Zkey& zkey) { return static_cast<const ZkeyFile&>(zkey).view(); }

}  // namespace groth16_detail
}  // namespace zkattr
