#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "mapcore/base/result.h"
#include "mapcore/fast_paths.h"
#include "mapcore/hmap/snapshot.h"

namespace portolan::mapcore {

// A map as a file that is used where it lies: written from a snapshot once, mapped by any number of
// processes, looked up without being read in, copied or parsed. Version 1 of the format, in the
// writer's byte order, which a reader of the other one refuses:
//
//   header   128 bytes: magic, version, byte order, seed, counts, offsets, SHA-256 of all bytes
//   index    groups of eight slots {tag, ref}, a power of two of them; a key's home is the group
//            that its hash's lower half names, a full group leads to the next
//   records  u32 key length, u32 value length, key, value, padded to 8 bytes
//
// Any change of the layout, of the hash or of the seed's preparation is a new version. A reader
// knows its own version only; an image is made anew, never converted.
struct ImageOptions {
  // Of the image's own hash; equal seeds and contents give equal bytes. Nothing: drawn at random,
  // so that nobody can make keys against an image that is handed on.
  std::optional<std::uint64_t> seed = {};
};

// Writes the snapshot to `fd`, a regular file or memfd open for reading and writing, in place of
// what it holds. The header comes last: what a crash leaves is refused, not read. Does not sync.
//
// Errors: kInvalid when the image would exceed 32 GiB, or thousands of keys have one hash;
// kExhausted or kUnavailable from the system's calls. O(n log n).
Status WriteImage(const Snapshot& snapshot, int fd, const ImageOptions& options = {});

// A mapped image. Immutable and thread-safe; views live as long as this does. The file must not be
// changed meanwhile (seal a memfd; replace a file by rename).
class MapImage {
 public:
  static constexpr std::uint32_t kVersion = 1;

  // Maps and verifies it: the digest, then every slot and record, so that lookups need no checks.
  // `fd` may be closed afterwards. Reads the file once.
  //
  // Errors: kCorrupt, with what was found and expected, for anything that WriteImage() of this
  // version and byte order did not write whole; kUnavailable when it cannot be mapped.
  static Result<std::unique_ptr<MapImage>> Open(int fd, FastPaths& fast_paths);
  ~MapImage();
  MapImage(const MapImage&) = delete;
  MapImage& operator=(const MapImage&) = delete;

  std::optional<std::string_view> Find(std::string_view key) const;
  bool Contains(std::string_view key) const { return Find(key).has_value(); }
  // In no order that means anything.
  void ForEach(
      const std::function<void(std::string_view key, std::string_view value)>& visit) const;
  std::uint64_t size() const;
  std::uint64_t version() const;      // the snapshot's
  std::int64_t timestamp_ms() const;  // likewise
  std::uint64_t bytes() const { return bytes_; }

 private:
  struct Header;
  class Writer;
  MapImage(const char* base, std::uint64_t bytes) : base_(base), bytes_(bytes) {}
  const Header& header() const;
  Status Verify() const;
  Status VerifyHeader() const;
  Status VerifyRecords() const;
  // `left`: bytes of the file that no record before has taken.
  Status VerifyRecord(std::uint64_t group, std::uint32_t tag, std::uint32_t ref,
                      std::uint64_t& left) const;
  friend Status WriteImage(const Snapshot&, int, const ImageOptions&);

  const char* const base_;
  const std::uint64_t bytes_;
  bool simd_ = false;
};

}  // namespace portolan::mapcore
