#include "controller/store/blob_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "controller/process/file_descriptor.h"
#include "controller/store/state_directory.h"
#include "controller/store/system_error.h"

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
  if (!S_ISREG(info.st_mode) || static_cast<std::uint64_t>(info.st_size) > kBlobBytesMax)
    return Error{ErrorCode::kCorrupt, path + ": is no blob file"};
  std::string bytes(static_cast<std::size_t>(info.st_size), '\0');
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = ::read(fd.get(), bytes.data() + filled, bytes.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("read " + path, errno);
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
  if (Get(digest).ok()) {
    PORTOLAN_CHECK(SyncDirectory(Directory(digest.Hex())));
    return digest;
  }
  PORTOLAN_CHECK(Write(digest.Hex(), bytes));
  return digest;
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
