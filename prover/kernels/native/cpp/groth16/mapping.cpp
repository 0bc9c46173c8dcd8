#include "mapping.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <system_error>

namespace zkattr {
namespace groth16_detail {
namespace {

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};
[[noreturn]] void fail(const char* what, const std::string& path, int error) { throw std::system_error(error, std::generic_category(), std::string(what) + " " + path); }

}  // namespace

Mapping::Mapping(const std::string& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  struct stat status;
  if (file.fd < 0 || ::fstat(file.fd, &status) != 0) fail("open", path, errno);
  if (!S_ISREG(status.st_mode)) fail("open", path, S_ISDIR(status.st_mode) ? EISDIR : EINVAL);
  bytes_.size = size_t(status.st_size);
  if (bytes_.size == 0) return;  // mmap refuses it; the parser says what is wrong
  void* at = ::mmap(nullptr, bytes_.size, PROT_READ, MAP_SHARED, file.fd, 0);
  if (at == MAP_FAILED) fail("map", path, errno);
  bytes_.data = static_cast<const uint8_t*>(at);
}

Mapping::~Mapping() {
  if (bytes_.data) ::munmap(const_cast<uint8_t*>(bytes_.data), bytes_.size);
}

}  // namespace groth16_detail
}  // namespace zkattr
