/**
 * iden3's binary container, in memory:
 *   magic (4 letters), version u32, number of sections u32, then sections: id u32, length u64, bytes; little endian
 * A file with a section missing, twice, unknown, or not ending where the file does is refused.
 */
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>
#include "../field/element.h"

namespace zkattr {
namespace groth16_detail {

/** Bytes somewhere in memory, not owned. */
struct Bytes {
  const uint8_t* data = nullptr;
  size_t size = 0;
};

inline uint32_t readU32(const uint8_t* at) { return uint32_t(at[0]) | uint32_t(at[1]) << 8 | uint32_t(at[2]) << 16 | uint32_t(at[3]) << 24; }
inline uint64_t readU64(const uint8_t* at) { return readU32(at) | uint64_t(readU32(at + 4)) << 32; }

/** Is the 256-bit little endian integer below the modulus? */
template <class Field>
inline bool isBelowModulus(const uint8_t* at) {
  Limbs4 x;
  std::memcpy(x.data(), at, 32);
  return modulus_detail::less(x, Field::P);
}
template <class Field>
inline bool isModulus(const uint8_t* at) {
  return std::memcmp(at, Field::P.data(), 32) == 0;
}

/** @throws FormatError "<where>: <what>, expected <expected>, got <got>" */
[[noreturn]] void failFormat(const std::string& where, const std::string& what, const std::string& expected, const std::string& got);

class Container {
 public:
  /**
   * Files of `sections` sections, ids 1 to `sections`, in any order.
   * @param magic four letters; also the name in messages
   * @throws FormatError
   */
  Container(Bytes file, const char* magic, uint32_t maxVersion, uint32_t sections);

  /** The bytes of a section. */
  Bytes section(uint32_t id) const { return sections_[id]; }
  /** The same, of exactly that size. @throws FormatError */
  Bytes section(uint32_t id, uint64_t size) const;
  /** "zkey section 4", for messages. */
  std::string where(uint32_t id) const { return magic_ + " section " + std::to_string(id); }

 private:
  std::string magic_;
  std::vector<Bytes> sections_;
};

}  // namespace groth16_detail
}  // namespace zkattr
