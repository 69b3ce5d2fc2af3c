#include "mapcore/map_image.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <string>

#include "mapcore/base/digest.h"
#include "mapcore/base/random.h"
#include "tests/mapcore/shared/shared_map_fixture.h"

namespace portolan::mapcore {
namespace {

using Entries = std::map<std::string, std::string>;
constexpr std::size_t kEntriesAt = 32;
constexpr std::size_t kDigestAt = 96;
constexpr std::size_t kHeaderBytes = 128;

std::string ImageOf(const Entries& entries) {
  const MemoryFile file;
  EXPECT_TRUE(WriteImage(SnapshotOf(entries), file.fd(), {.seed = 1}).ok());
  return file.Read();
}

// Gives changed bytes the digest that fits them, as somebody would who wants them believed.
void Reseal(std::string& image) {
  std::memset(image.data() + kDigestAt, 0, 32);
  const Digest digest = Sha256Of(image);
  std::memcpy(image.data() + kDigestAt, digest.bytes().data(), 32);
}

Result<std::unique_ptr<MapImage>> Opened(const std::string& bytes) {
  const MemoryFile file;
  file.Write(bytes);
  FastPaths fast_paths;
  return MapImage::Open(file.fd(), fast_paths);
}

std::string RefusalOf(const std::string& bytes) {
  const auto image = Opened(bytes);
  if (image.ok()) return "opened";
  EXPECT_EQ(image.error().code, ErrorCode::kCorrupt);
  return image.error().message;
}

TEST(MapImage, HoldsWhatTheSnapshotHeld) {
  for (const int count : {0, 1, 5, 6, 7, 100, 20'000}) {
    const Entries entries = Numbered(count);
    const auto image = Opened(ImageOf(entries));
    ASSERT_TRUE(image.ok()) << image.error().message;
    EXPECT_EQ((*image)->size(), entries.size());
    EXPECT_EQ((*image)->version(), 7u);
    EXPECT_EQ((*image)->timestamp_ms(), 1'700'000'000'000);
    for (const auto& [key, value] : entries) ASSERT_EQ((*image)->Find(key), value);
    for (int i = 0; i < 1'000; ++i) ASSERT_FALSE((*image)->Contains("no/" + std::to_string(i)));
    Entries visited;
    (*image)->ForEach(
        [&](std::string_view key, std::string_view value) { visited.emplace(key, value); });
    EXPECT_EQ(visited, entries);
  }
}

TEST(MapImage, HoldsKeysAndValuesOfEverySize) {
  Entries entries = {{"", "empty key"}, {"empty value", ""}};
  for (const std::size_t size : {1, 7, 8, 9, 65'535, 65'536, 3 << 20})
    entries[std::string(size, 'k')] = std::string(size, 'v');
  const auto image = Opened(ImageOf(entries));
  ASSERT_TRUE(image.ok()) << image.error().message;
  for (const auto& [key, value] : entries) ASSERT_EQ((*image)->Find(key), value);
}

TEST(MapImage, ThePortableProbeFindsTheSame) {
  const MemoryFile file;
  const Entries entries = Numbered(5'000);
  ASSERT_TRUE(WriteImage(SnapshotOf(entries), file.fd()).ok());
  FastPaths portable;
  portable.Fail(FastPath::kSimdProbe, "a test says so");
  const auto image = MapImage::Open(file.fd(), portable).value();
  EXPECT_EQ(portable.states()[0].fallbacks, 1u);
  for (const auto& [key, value] : entries) ASSERT_EQ(image->Find(key), value);
  EXPECT_FALSE(image->Contains("key/5000"));
}

TEST(MapImage, EqualContentsAndSeedsGiveEqualBytes) {
  Hmap map = Hmap::Create().value();  // another seed, another order of writes
  const Entries entries = Numbered(3'000);
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry)
    ASSERT_TRUE(map.Put(entry->first, entry->second).ok());
  const MemoryFile file;
  const Snapshot snapshot = map.TakeSnapshot(7, 1'700'000'000'000).value();
  ASSERT_TRUE(WriteImage(snapshot, file.fd(), {.seed = 1}).ok());
  EXPECT_EQ(file.Read(), ImageOf(entries));
  ASSERT_TRUE(WriteImage(snapshot, file.fd()).ok());
  EXPECT_NE(file.Read(), ImageOf(entries));
}

TEST(MapImage, AnotherImageReplacesALongerOne) {
  const MemoryFile file;
  ASSERT_TRUE(WriteImage(SnapshotOf(Numbered(1'000)), file.fd()).ok());
  ASSERT_TRUE(WriteImage(SnapshotOf(Numbered(10)), file.fd()).ok());
  FastPaths fast_paths;
  EXPECT_EQ(MapImage::Open(file.fd(), fast_paths).value()->size(), 10u);
}

TEST(MapImage, LivesOnWhenItsFileIsClosed) {
  std::unique_ptr<MapImage> image;
  {
    const MemoryFile file;
    ASSERT_TRUE(WriteImage(SnapshotOf(Numbered(10)), file.fd()).ok());
    FastPaths fast_paths;
    image = MapImage::Open(file.fd(), fast_paths).value();
  }
  EXPECT_EQ(image->Find("key/3"), "value 3");
}

TEST(MapImage, RefusesWhatIsCutShortAtEveryLength) {
  const std::string whole = ImageOf(Numbered(20));
  for (std::size_t length = 0; length < whole.size(); ++length)
    ASSERT_FALSE(Opened(whole.substr(0, length)).ok()) << length;
  EXPECT_EQ(RefusalOf("short"),
            "map image: expected a header of 128 bytes, found a file of 5; make the image anew");
  EXPECT_EQ(RefusalOf(whole.substr(0, whole.size() - 8)),
            "map image: expected " + std::to_string(whole.size()) + " bytes, found " +
                std::to_string(whole.size() - 8) +
                ": it was cut short or added to; make the image anew");
}

TEST(MapImage, RefusesAChangedByteAnywhere) {
  const std::string whole = ImageOf(Numbered(20));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    ASSERT_FALSE(Opened(changed).ok()) << at;
  }
}

TEST(MapImage, RefusesAForeignVersionByteOrderAndFile) {
  std::string image = ImageOf(Numbered(20));
  image[16] = 2;
  Reseal(image);
  EXPECT_EQ(RefusalOf(image),
            "map image: expected version 1, found version 2; make the image anew");
  image = ImageOf(Numbered(20));
  std::swap(image[20], image[23]);
  std::swap(image[21], image[22]);
  Reseal(image);
  EXPECT_EQ(RefusalOf(image),
            "map image: it was written on a machine of the other byte order; make the image anew");
  EXPECT_EQ(RefusalOf(std::string(4'096, 'x')),
            "map image: expected \"portolan.image\" at its beginning, found something else; make "
            "the image anew");
}

TEST(MapImage, WhatACrashLeftIsRefused) {
  std::string image = ImageOf(Numbered(20));
  std::memset(image.data(), 0, kHeaderBytes);  // the header is written last
  EXPECT_NE(RefusalOf(image), "opened");
}

TEST(MapImage, ASealedForgeryNeverMakesALookupLeaveTheFile) {
  constexpr std::uint64_t kSeed = 3;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  Random random(kSeed);
  const std::string whole = ImageOf(Numbered(40));
  int refused = 0;
  for (int round = 0; round < 3'000; ++round) {
    std::string forged = whole;
    for (std::uint64_t i = random.Below(3) + 1; i > 0; --i) {
      // A word of the header, the index or a record's lengths.
      const std::size_t at = 24 + random.Below(forged.size() - 28) / 4 * 4;
      const auto word =
          static_cast<std::uint32_t>(random.Below(2) == 0 ? random.Below(400) : random.Next());
      std::memcpy(forged.data() + at, &word, sizeof word);
    }
    Reseal(forged);
    const auto image = Opened(forged);
    refused += !image.ok();
    if (!image.ok()) continue;
    std::uint64_t bytes = 0;
    (*image)->ForEach([&](std::string_view key, std::string_view value) {
      for (const char byte : value) bytes += static_cast<unsigned char>(byte);
      ASSERT_TRUE((*image)->Contains(key));
    });
    for (int i = 0; i < 60; ++i) (void)(*image)->Find("key/" + std::to_string(i));
  }
  EXPECT_GT(refused, 1'000);
}

// Else a file of n bytes could have n / 16 records of n / 2 bytes each, and opening it hash them
// all. That this one's tag is wrong would be seen only by hashing its key.
TEST(MapImage, RefusesRecordsThatOverlapBeforeItHashesThem) {
  std::string forged = ImageOf({{std::string(100, 'k'), "value"}});  // in one group of slots
  char* tags = forged.data() + kHeaderBytes;
  char* refs = tags + 8 * sizeof(std::uint32_t);
  std::memset(tags + sizeof(std::uint32_t), 'x', sizeof(std::uint32_t));
  std::memcpy(refs + sizeof(std::uint32_t), refs, sizeof(std::uint32_t));
  const std::uint64_t entries = 2;
  std::memcpy(forged.data() + kEntriesAt, &entries, sizeof entries);
  Reseal(forged);
  EXPECT_EQ(RefusalOf(forged),
            "map image: its records overlap: together they are longer than the file; make the "
            "image anew");
}

TEST(MapImage, SaysWhenItsFileCannotBeWrittenOrMapped) {
  FastPaths fast_paths;
  EXPECT_EQ(MapImage::Open(-1, fast_paths).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(WriteImage(SnapshotOf(Numbered(1)), -1).error().message,
            "map image: ftruncate: Bad file descriptor");
}

}  // namespace
}  // namespace portolan::mapcore
