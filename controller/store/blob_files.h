#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>

#include "mapcore/base/digest.h"
#include "mapcore/base/result.h"

namespace portolan::controller {

constexpr std::size_t kBlobBytesMax = 1u << 30;

// Bytes under their SHA-256, one file each: ROOT/ab/abcd…; a file under its final name is complete
// and durable (temporary file, fsync, rename, fsync of the directory). Thread-safe. One process
// owns ROOT.
class BlobFiles {
 public:
  // Creates ROOT when absent and removes temporary files that a crash left. Errors: kUnavailable,
  // kExhausted.
  static Result<std::unique_ptr<BlobFiles>> Open(const std::string& root);

  // A blob that is there and intact is not written again; a damaged one is replaced.
  // Errors: kExhausted, kUnavailable, kInvalid above kBlobBytesMax.
  Result<Digest> Put(std::string_view bytes);
  // Removes every blob but these. Returns how many went. Nothing may call Put meanwhile. Errors:
  // kUnavailable; what went before is gone.
  Result<std::size_t> RemoveExcept(const std::unordered_set<Digest, DigestHash>& kept);
  // Errors: kNotFound; kCorrupt when the bytes do not have the digest; kUnavailable.
  Result<std::string> Get(const Digest& digest) const;

 private:
  explicit BlobFiles(std::string root) : root_(std::move(root)) {}
  std::string Directory(const std::string& hex) const { return root_ + "/" + hex.substr(0, 2); }
  Status Write(const std::string& hex, std::string_view bytes);

  const std::string root_;
  std::atomic<std::uint64_t> next_temporary_{0};
};

}  // namespace portolan::controller
