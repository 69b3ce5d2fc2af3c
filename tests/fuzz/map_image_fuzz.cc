// Entry of libFuzzer: any bytes as a map image, with the digest that fits them, so that what lies
// behind the digest is reached. An image that is opened must be safe to look up in.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "mapcore/base/digest.h"
#include "mapcore/map_image.h"

namespace {

constexpr std::size_t kHeaderBytes = 128;
constexpr std::size_t kDigestAt = 96;
constexpr std::size_t kFileBytesAt = 64;

// Magic, version, byte order, length and digest are right; the rest is the fuzzer's.
std::string Sealed(const std::uint8_t* data, std::size_t size) {
  std::string image(reinterpret_cast<const char*>(data), size);
  if (size < kHeaderBytes) return image;
  std::memcpy(image.data(), "portolan.image\0", 16);
  const std::uint32_t words[2] = {1, 0x01020304};
  std::memcpy(image.data() + 16, words, sizeof words);
  const std::uint64_t bytes = size;
  std::memcpy(image.data() + kFileBytesAt, &bytes, sizeof bytes);
  std::memset(image.data() + kDigestAt, 0, 32);
  const portolan::Digest digest = portolan::Sha256Of(image);
  std::memcpy(image.data() + kDigestAt, digest.bytes().data(), 32);
  return image;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static portolan::mapcore::FastPaths fast_paths;
  static const int fd = memfd_create("map-image-fuzz", MFD_CLOEXEC);
  const std::string bytes = Sealed(data, size);
  if (ftruncate(fd, 0) != 0 || pwrite(fd, bytes.data(), bytes.size(), 0) < 0) std::abort();
  const auto image = portolan::mapcore::MapImage::Open(fd, fast_paths);
  if (!image.ok()) return 0;
  std::uint64_t entries = 0;
  unsigned sum = 0;
  (*image)->ForEach([&](std::string_view key, std::string_view value) {
    ++entries;
    for (const char byte : value) sum += static_cast<unsigned char>(byte);
    if (!(*image)->Contains(key)) std::abort();
  });
  if (entries != (*image)->size()) std::abort();
  (void)(*image)->Find("a key that is hardly there");
  if (sum == 0 && entries > bytes.size()) std::abort();
  return 0;
}
