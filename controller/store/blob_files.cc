#include "controller/store/blob_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <vector>

#include "controller/process/file_descriptor.h"
#include "controller/store/state_directory.h"
#include "controller/store/system_error.h"

// A blob's way to the disk: a temporary file, fsync, rename to its name, fsync of the directory. A
// name that is there is a blob that is whole, whenever the power went; a crash before the rename
// leaves a temporary file, which Open removes. Content is compared with its name at every read, so
// a file that rotted or was edited is an error and never a version of a map.

namespace portolan::controller {
namespace {

constexpr char kTemporary[] = "/tmp";

Status WriteAll(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return SystemError("write " + path, errno);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

// O_EXCL: a name in tmp/ is never used twice, since Open empties it and a counter goes on from
// there.
Status WriteDurably(const std::string& path, std::string_view bytes) {
  const FileDescriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) return SystemError("create " + path, errno);
  PORTOLAN_CHECK(WriteAll(fd.get(), bytes, path));
  if (::fsync(fd.get()) != 0) return SystemError("fsync " + path, errno);
  return {};
}

Result<std::string> ReadAll(const std::string& path) {
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return SystemError("open " + path, errno);
  struct stat info;
  if (::fstat(fd.get(), &info) != 0) return SystemError("stat " + path, errno);
  // Before the memory for it is taken.
  if (!S_ISREG(info.st_mode) || static_cast<std::uint64_t>(info.st_size) > kBlobBytesMax)
    return Error{ErrorCode::kCorrupt, path + ": is no blob file"};
  std::string bytes(static_cast<std::size_t>(info.st_size), '\0');
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = ::read(fd.get(), bytes.data() + filled, bytes.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("read " + path, errno);
    // Shorter than it was: the digest says so.
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

}  // namespace

Result<std::unique_ptr<BlobFiles>> BlobFiles::Open(const std::string& root) {
  PORTOLAN_CHECK(MakeDirectory(root));
  std::error_code error;
  std::filesystem::remove_all(root + kTemporary, error);
  if (error) return SystemError("remove " + root + kTemporary, error.value());
  PORTOLAN_CHECK(MakeDirectory(root + kTemporary));
  return std::unique_ptr<BlobFiles>(new BlobFiles(root));
}

Result<Digest> BlobFiles::Put(std::string_view bytes) {
  if (bytes.size() > kBlobBytesMax) {
    return Error{ErrorCode::kInvalid, "a blob of " + std::to_string(bytes.size()) +
                                          " bytes is above the limit of " +
                                          std::to_string(kBlobBytesMax)};
  }
  const Digest digest = Sha256Of(bytes);
  // The entry may be visible and not yet durable when an earlier process died between rename and
  // fsync.
  // Reading it whole is the price of healing a damaged one; blobs are stored once per version.
  if (Get(digest).ok()) {
    PORTOLAN_CHECK(SyncDirectory(Directory(digest.Hex())));
    return digest;
  }
  PORTOLAN_CHECK(Write(digest.Hex(), bytes));
  return digest;
}

// By name alone: a file that no digest names is not ours, and is left. No fsync: a removal that a
// power cut takes back is repeated by the next one.
Result<std::size_t> BlobFiles::RemoveExcept(const std::unordered_set<Digest, DigestHash>& kept) {
  namespace fs = std::filesystem;
  std::error_code error;
  std::vector<fs::path> unwanted;
  fs::recursive_directory_iterator at(root_, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    const auto digest = Digest::Parse("sha256:" + at->path().filename().string());
    if (digest.ok() && !kept.contains(*digest)) unwanted.push_back(at->path());
  }
  if (error) return SystemError("list " + root_, error.value());
  for (const fs::path& path : unwanted)
    if (!fs::remove(path, error) && error)
      return SystemError("remove " + path.string(), error.value());
  return unwanted.size();
}

Result<std::string> BlobFiles::Get(const Digest& digest) const {
  const std::string hex = digest.Hex();
  auto bytes = ReadAll(Directory(hex) + "/" + hex);
  if (!bytes.ok()) {
    if (bytes.error().code != ErrorCode::kNotFound) return std::move(bytes).error();
    return Error{ErrorCode::kNotFound, "no blob " + digest.ToString() + " is stored"};
  }
  if (Sha256Of(*bytes) != digest) {
    return Error{ErrorCode::kCorrupt,
                 "blob " + digest.ToString() + ": " + std::to_string(bytes->size()) +
                     " bytes with another digest are stored in " + Directory(hex)};
  }
  return std::move(bytes).value();
}

// rename(2) replaces in one step: readers see the old file or the new one.
Status BlobFiles::Write(const std::string& hex, std::string_view bytes) {
  PORTOLAN_CHECK(MakeDirectory(Directory(hex)));
  const std::string temporary =
      root_ + kTemporary + "/" + std::to_string(next_temporary_.fetch_add(1));
  Status status = WriteDurably(temporary, bytes);
  const std::string target = Directory(hex) + "/" + hex;
  if (status.ok() && std::rename(temporary.c_str(), target.c_str()) != 0)
    status = SystemError("rename " + temporary, errno);
  if (!status.ok()) {
    ::unlink(temporary.c_str());
    return status;
  }
  return SyncDirectory(Directory(hex));
}

}  // namespace portolan::controller
