#include "container.h"
#include "groth16.h"

namespace zkattr {
namespace groth16_detail {

void failFormat(const std::string& where, const std::string& what, const std::string& expected, const std::string& got) {
  throw FormatError(where + ": " + what + ", expected " + expected + ", got " + got);
}

Container::Container(Bytes file, const char* magic, uint32_t maxVersion, uint32_t sections) : magic_(magic), sections_(sections + 1) {
  const auto bytes = [](uint64_t n) { return std::to_string(n) + " bytes"; };
  if (file.size < 12) failFormat(magic_, "file ends in its header", "12 bytes or more", bytes(file.size));
  if (std::memcmp(file.data, magic, 4) != 0) failFormat(magic_, "wrong kind of file", "the letters " + magic_, "others");
  const uint32_t version = readU32(file.data + 4), count = readU32(file.data + 8);
  if (version < 1 || version > maxVersion) failFormat(magic_, "unknown version", "1 to " + std::to_string(maxVersion), std::to_string(version));
  if (count != sections) failFormat(magic_, "wrong number of sections", std::to_string(sections), std::to_string(count));
  size_t offset = 12;
  for (uint32_t i = 0; i < count; i++) {
    if (file.size - offset < 12) failFormat(magic_, "file ends in the header of a section", bytes(offset + 12), bytes(file.size));
    const uint32_t id = readU32(file.data + offset);
    const uint64_t size = readU64(file.data + offset + 4);
    offset += 12;
    if (id < 1 || id > sections) failFormat(magic_, "unknown section", "1 to " + std::to_string(sections), std::to_string(id));
    if (size > file.size - offset) failFormat(where(id), "ends beyond the file", "at most " + bytes(file.size - offset), bytes(size));
    if (sections_[id].data) failFormat(where(id), "appears again", "each section once", "two");
    sections_[id] = {file.data + offset, size_t(size)};
    offset += size_t(size);
  }
  if (offset != file.size) failFormat(magic_, "bytes after the last section", bytes(offset), bytes(file.size));
}

Bytes Container::section(uint32_t id, uint64_t size) const {
  if (sections_[id].size != size) failFormat(where(id), "wrong size", std::to_string(size) + " bytes", std::to_string(sections_[id].size));
  return sections_[id];
}

}  // namespace groth16_detail
}  // namespace zkattr
