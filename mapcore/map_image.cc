#include "mapcore/map_image.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "mapcore/base/digest.h"
#include "mapcore/image_index.h"

namespace portolan::mapcore {
namespace {

constexpr std::string_view kImageMagic("portolan.image\0", 16);
constexpr std::uint32_t kByteOrder = 0x01020304;
constexpr std::uint64_t kBytesMax = std::uint64_t{32} << 30;  // what a ref can name
constexpr std::uint64_t kEntriesPerGroup = 6;                 // of 8: few keys leave their home
constexpr std::size_t kRecordHeader = 8;
constexpr std::size_t kBufferBytes = std::size_t{1} << 20;

struct RecordView {
  std::string_view key;
  std::string_view value;
};

std::uint64_t RecordBytes(std::uint64_t key_bytes, std::uint64_t value_bytes) {
  return (kRecordHeader + key_bytes + value_bytes + 7) & ~std::uint64_t{7};
}

RecordView RecordAt(const char* base, std::uint32_t ref) {
  const char* at = base + (std::uint64_t{ref} << 3);
  std::uint32_t lengths[2];
  std::memcpy(lengths, at, sizeof lengths);
  at += kRecordHeader;
  return {{at, lengths[0]}, {at + lengths[0], lengths[1]}};
}

std::uint32_t TagOf(std::uint64_t hash) {
  return static_cast<std::uint32_t>(hash >> 32);
}

Error Corrupt(std::string problem) {
  return {ErrorCode::kCorrupt, "map image: " + problem + "; make the image anew"};
}

Error CallFailed(const char* call) {
  const int error = errno;
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG || error == ENOMEM;
  return {full ? ErrorCode::kExhausted : ErrorCode::kUnavailable,
          std::string("map image: ") + call + ": " + std::strerror(error)};
}

}  // namespace

struct MapImage::Header {
  char magic[16];
  std::uint32_t version;
  std::uint32_t byte_order;
  std::uint64_t seed;  // prepared
  std::uint64_t entries;
  std::uint64_t groups;
  std::uint64_t index_offset;
  std::uint64_t records_offset;
  std::uint64_t file_bytes;
  std::uint64_t map_version;
  std::int64_t timestamp_ms;
  std::uint64_t reserved;
  unsigned char digest[32];  // over the whole file, with this field zero
};

// Writes a file from its beginning to its end, hashing what it writes.
class MapImage::Writer {
 public:
  explicit Writer(int fd) : fd_(fd) { buffer_.reserve(kBufferBytes); }

  Status Add(const void* bytes, std::size_t count) {
    if (count == 0) return {};
    if (buffer_.size() + count > kBufferBytes) PORTOLAN_CHECK(Flush());
    buffer_.append(static_cast<const char*>(bytes), count);
    return {};
  }
  Status Flush() {
    hash_.Update(buffer_);
    PORTOLAN_CHECK(WriteAt(buffer_, offset_));
    offset_ += buffer_.size();
    buffer_.clear();
    return {};
  }
  Status WriteAt(std::string_view bytes, std::uint64_t offset) const {
    while (!bytes.empty()) {
      const ssize_t written = pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return CallFailed("pwrite");
      bytes.remove_prefix(static_cast<std::size_t>(written));
      offset += static_cast<std::uint64_t>(written);
    }
    return {};
  }
  Digest Finish() { return hash_.Finish(); }

  // The header is hashed at its place and written when its digest is known.
  void BeginWith(const Header& header) {
    hash_.Update({reinterpret_cast<const char*>(&header), sizeof header});
    offset_ = sizeof header;
  }

 private:
  const int fd_;
  Sha256 hash_;
  std::string buffer_;
  std::uint64_t offset_ = 0;
};

namespace {

struct Placed {
  std::uint64_t hash;
  const hmap::Record* record;
};

// In the order in which the index is probed, so that equal contents give equal bytes.
std::vector<Placed> Ordered(const Snapshot& snapshot, std::uint64_t seed, std::uint64_t mask) {
  std::vector<Placed> placed;
  placed.reserve(snapshot.size());
  snapshot.ForEach([&](const hmap::Record& record) {
    placed.push_back({hmap::HashBytes(record.key(), seed), &record});
  });
  std::sort(placed.begin(), placed.end(), [mask](const Placed& a, const Placed& b) {
    if ((a.hash & mask) != (b.hash & mask)) return (a.hash & mask) < (b.hash & mask);
    return a.hash != b.hash ? a.hash < b.hash : a.record->key() < b.record->key();
  });
  return placed;
}

// The index over records that are laid end to end in the order of `placed`; `end` becomes the
// offset behind the last. Errors: kInvalid when keys collide beyond kImageChainMax.
Result<std::vector<ImageGroup>> IndexOf(const std::vector<Placed>& placed, std::uint64_t groups,
                                        std::uint64_t& end) {
  std::vector<ImageGroup> index(groups);
  for (const Placed& entry : placed) {
    const bool found_room = VisitChain(index.data(), groups, entry.hash, [&](std::uint64_t at) {
      ImageGroup& group = index[at];
      if (group.refs[7] != 0) return false;
      const auto slot =
          static_cast<std::size_t>(std::find(group.refs, group.refs + 8, 0u) - group.refs);
      group.tags[slot] = TagOf(entry.hash);
      group.refs[slot] = static_cast<std::uint32_t>(end >> 3);
      return true;
    });
    if (!found_room)
      return Error{ErrorCode::kInvalid,
                   "map image: too many keys have the same hash under this seed; take another"};
    end += RecordBytes(entry.record->key().size(), entry.record->value().size());
  }
  return index;
}

}  // namespace

Status WriteImage(const Snapshot& snapshot, int fd, const ImageOptions& options) {
  MapImage::Header header{};
  std::memcpy(header.magic, kImageMagic.data(), sizeof header.magic);
  header.version = MapImage::kVersion;
  header.byte_order = kByteOrder;
  header.seed = hmap::PrepareSeed(options.seed ? *options.seed : hmap::DrawSeed());
  header.entries = snapshot.size();
  header.groups = std::bit_ceil(snapshot.size() / kEntriesPerGroup + 1);
  header.index_offset = sizeof header;
  header.records_offset = header.index_offset + header.groups * sizeof(ImageGroup);
  header.map_version = snapshot.version();
  header.timestamp_ms = snapshot.timestamp_ms();

  std::uint64_t bytes = header.records_offset;
  snapshot.ForEach([&](const hmap::Record& record) {
    bytes += RecordBytes(record.key().size(), record.value().size());
  });
  if (bytes > kBytesMax)
    return Error{ErrorCode::kInvalid, "map image: expected at most 32 GiB, found a map of " +
                                          std::to_string(bytes) + " bytes; divide it"};
  header.file_bytes = header.records_offset;
  const std::vector<Placed> placed = Ordered(snapshot, header.seed, header.groups - 1);
  PORTOLAN_TRY(const std::vector<ImageGroup> index,
               IndexOf(placed, header.groups, header.file_bytes));

  if (ftruncate(fd, 0) != 0) return CallFailed("ftruncate");
  MapImage::Writer writer(fd);
  writer.BeginWith(header);
  for (const ImageGroup& group : index) PORTOLAN_CHECK(writer.Add(&group, sizeof group));
  for (const Placed& entry : placed) {
    const std::string_view key = entry.record->key();
    const std::string_view value = entry.record->value();
    const std::uint32_t lengths[2] = {static_cast<std::uint32_t>(key.size()),
                                      static_cast<std::uint32_t>(value.size())};
    constexpr std::uint64_t kPadding = 0;
    PORTOLAN_CHECK(writer.Add(lengths, sizeof lengths));
    PORTOLAN_CHECK(writer.Add(key.data(), key.size()));
    PORTOLAN_CHECK(writer.Add(value.data(), value.size()));
    PORTOLAN_CHECK(writer.Add(&kPadding, RecordBytes(key.size(), value.size()) - kRecordHeader -
                                             key.size() - value.size()));
  }
  PORTOLAN_CHECK(writer.Flush());
  const Digest digest = writer.Finish();
  std::memcpy(header.digest, digest.bytes().data(), sizeof header.digest);
  return writer.WriteAt({reinterpret_cast<const char*>(&header), sizeof header}, 0);
}

Result<std::unique_ptr<MapImage>> MapImage::Open(int fd, FastPaths& fast_paths) {
  static_assert(sizeof(Header) == 128);
  struct stat info {};
  if (fstat(fd, &info) != 0) return CallFailed("fstat");
  const auto bytes = static_cast<std::uint64_t>(info.st_size);
  if (bytes < sizeof(Header))
    return Corrupt("expected a header of 128 bytes, found a file of " + std::to_string(bytes));
  void* base = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, fd, 0);
  if (base == MAP_FAILED) return CallFailed("mmap");
  std::unique_ptr<MapImage> image(new MapImage(static_cast<const char*>(base), bytes));
  PORTOLAN_CHECK(image->Verify());
  image->simd_ = fast_paths.Take(FastPath::kSimdProbe);
  // Advice: huge pages serve files where the file system has them (shmem does).
  if (fast_paths.Take(FastPath::kHugePages)) madvise(base, bytes, MADV_HUGEPAGE);
  return image;
}

MapImage::~MapImage() {
  munmap(const_cast<char*>(base_), bytes_);
}

const MapImage::Header& MapImage::header() const {
  return *reinterpret_cast<const Header*>(base_);
}

std::uint64_t MapImage::size() const {
  return header().entries;
}
std::uint64_t MapImage::version() const {
  return header().map_version;
}
std::int64_t MapImage::timestamp_ms() const {
  return header().timestamp_ms;
}

Status MapImage::VerifyHeader() const {
  const Header& at = header();
  if (std::string_view(at.magic, sizeof at.magic) != kImageMagic)
    return Corrupt("expected \"portolan.image\" at its beginning, found something else");
  if (at.byte_order != kByteOrder)
    return Corrupt("it was written on a machine of the other byte order");
  if (at.version != kVersion)
    return Corrupt("expected version " + std::to_string(kVersion) + ", found version " +
                   std::to_string(at.version));
  if (at.file_bytes != bytes_)
    return Corrupt("expected " + std::to_string(at.file_bytes) + " bytes, found " +
                   std::to_string(bytes_) + ": it was cut short or added to");
  const bool sound = std::has_single_bit(at.groups) && at.groups < bytes_ &&
                     at.index_offset == sizeof(Header) &&
                     at.records_offset == sizeof(Header) + at.groups * sizeof(ImageGroup) &&
                     at.records_offset <= bytes_ && at.entries < at.groups * 8;
  if (!sound) return Corrupt("its header contradicts itself");
  return {};
}

Status MapImage::Verify() const {
  PORTOLAN_CHECK(VerifyHeader());
  Header zeroed = header();
  std::memset(zeroed.digest, 0, sizeof zeroed.digest);
  Sha256 hash;
  hash.Update({reinterpret_cast<const char*>(&zeroed), sizeof zeroed});
  hash.Update({base_ + sizeof zeroed, bytes_ - sizeof zeroed});
  const Digest digest = hash.Finish();
  if (std::memcmp(digest.bytes().data(), header().digest, sizeof header().digest) != 0)
    return Corrupt("its bytes do not have the digest in its header");
  return VerifyRecords();
}

// A digest proves that nothing was lost on the way, not who made the file: every reference is
// checked before one is followed.
Status MapImage::VerifyRecords() const {
  const Header& at = header();
  const auto* index = reinterpret_cast<const ImageGroup*>(base_ + at.index_offset);
  std::uint64_t entries = 0;
  // Records that do not overlap are together no longer than the file, and so is what is hashed.
  std::uint64_t left = bytes_ - at.records_offset;
  for (std::uint64_t group = 0; group < at.groups; ++group) {
    const std::uint32_t* refs = index[group].refs;
    const std::uint32_t* end = std::find(refs, refs + 8, 0u);
    if (std::any_of(end, refs + 8, [](std::uint32_t ref) { return ref != 0; }))
      return Corrupt("a group of the index has a gap");
    for (const std::uint32_t* ref = refs; ref != end; ++ref, ++entries)
      PORTOLAN_CHECK(VerifyRecord(group, index[group].tags[ref - refs], *ref, left));
  }
  if (entries == at.entries) return {};
  return Corrupt("expected " + std::to_string(at.entries) + " entries, found " +
                 std::to_string(entries));
}

Status MapImage::VerifyRecord(std::uint64_t group, std::uint32_t tag, std::uint32_t ref,
                              std::uint64_t& left) const {
  const Header& at = header();
  const std::uint64_t offset = std::uint64_t{ref} << 3;
  if (offset < at.records_offset || offset + kRecordHeader > bytes_)
    return Corrupt("a slot names byte " + std::to_string(offset) + ", where no record is");
  const RecordView record = RecordAt(base_, ref);
  if (record.key.size() + record.value.size() > bytes_ - offset - kRecordHeader)
    return Corrupt("the record at byte " + std::to_string(offset) + " goes beyond the end");
  const std::uint64_t bytes = RecordBytes(record.key.size(), record.value.size());
  if (bytes > left) return Corrupt("its records overlap: together they are longer than the file");
  left -= bytes;
  const std::uint64_t hash = hmap::HashBytes(record.key, at.seed);
  const auto* index = reinterpret_cast<const ImageGroup*>(base_ + at.index_offset);
  const bool reached =
      VisitChain(index, at.groups, hash, [group](std::uint64_t one) { return one == group; });
  if (reached && tag == TagOf(hash)) return {};
  return Corrupt("the record at byte " + std::to_string(offset) +
                 " is not where its key's hash leads");
}

std::optional<std::string_view> MapImage::Find(std::string_view key) const {
  const Header& at = header();
  const auto* index = reinterpret_cast<const ImageGroup*>(base_ + sizeof(Header));
  const std::uint64_t hash = hmap::HashBytes(key, at.seed);
  std::optional<std::string_view> value;
  VisitChain(index, at.groups, hash, [&](std::uint64_t number) {
    const ImageGroup& group = index[number];
    std::uint32_t hits =
        simd_ ? MatchTagsSimd(group, TagOf(hash)) : MatchTagsPortable(group, TagOf(hash));
    for (; hits != 0; hits &= hits - 1) {
      const std::uint32_t ref = group.refs[std::countr_zero(hits)];
      if (ref == 0) continue;
      const RecordView record = RecordAt(base_, ref);
      if (record.key != key) continue;
      value = record.value;
      return true;
    }
    return false;
  });
  return value;
}

void MapImage::ForEach(const std::function<void(std::string_view, std::string_view)>& visit) const {
  const auto* index = reinterpret_cast<const ImageGroup*>(base_ + sizeof(Header));
  for (std::uint64_t group = 0; group < header().groups; ++group)
    for (const std::uint32_t ref : index[group].refs)
      if (ref != 0) visit(RecordAt(base_, ref).key, RecordAt(base_, ref).value);
}

}  // namespace portolan::mapcore
