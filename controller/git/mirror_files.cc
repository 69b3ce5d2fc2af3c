#include "controller/git/mirror_files.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

namespace portolan::controller {
namespace {

namespace fs = std::filesystem;

// Two seconds: what a worker needs to die when its client was replaced.
constexpr int kLockAttempts = 20;
constexpr int kLockPauseMs = 100;

// The names of libgit2's temporary files (filebuf.h, indexer.c, odb_loose.c in 1.5).
bool IsLeftover(std::string_view name) {
  return name.ends_with(".lock") || name.starts_with("pack_git2_") ||
         name.starts_with("tmp_object_git2_");
}

}  // namespace

Error MirrorFileError(const std::string& what, int error_number) {
  const std::string text = what + ": " + std::strerror(error_number);
  if (error_number == ENOSPC || error_number == EDQUOT) {
    return {ErrorCode::kExhausted, "StorageFull: " + text};
  }
  if (error_number == EACCES || error_number == EPERM || error_number == EROFS) {
    return {ErrorCode::kDenied, "Denied: " + text};
  }
  return {ErrorCode::kUnavailable, "Unreachable: " + text};
}

Result<MirrorLock> MirrorLock::Acquire(const std::string& mirror) {
  std::error_code ignored;
  fs::create_directories(fs::path(mirror).parent_path(), ignored);
  const std::string path = mirror + ".lock";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return MirrorFileError("cannot open " + path, errno);
  MirrorLock lock(fd);
  // flock(2) ends with its process, however that ends: a stale lock cannot be. It is polled, for
  // there is no wait with a deadline.
  for (int attempt = 0; attempt < kLockAttempts; ++attempt) {
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) return lock;
    poll(nullptr, 0, kLockPauseMs);
  }
  return Error{ErrorCode::kConflict, "Denied: another process fetches into " + mirror +
                                         "; give every controller a state directory of its own"};
}

MirrorLock::MirrorLock(MirrorLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

MirrorLock::~MirrorLock() {
  if (fd_ >= 0) close(fd_);
}

// Whatever cannot be removed is met again by the fetch, which says why.
void SweepMirror(const std::string& mirror) {
  std::error_code error;
  fs::remove_all(mirror + ".new", error);
  std::vector<fs::path> leftovers;
  fs::recursive_directory_iterator at(mirror, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (IsLeftover(at->path().filename().native())) leftovers.push_back(at->path());
  }
  for (const fs::path& path : leftovers) fs::remove(path, error);
}

std::int64_t CountPacks(const std::string& mirror) {
  std::int64_t packs = 0;
  std::error_code error;
  fs::directory_iterator at(mirror + "/objects/pack", error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    if (at->path().extension() == ".pack") ++packs;
  }
  return packs;
}

Status SetMirrorAside(const std::string& mirror) {
  const std::string aside = mirror + ".corrupt";
  std::error_code error;
  fs::remove_all(aside, error);
  if (rename(mirror.c_str(), aside.c_str()) != 0 && errno != ENOENT) {
    return MirrorFileError("cannot move the mirror " + mirror + " aside", errno);
  }
  return {};
}

// RENAME_EXCHANGE (renameat2(2)): with two renames a crash between them would leave no mirror.
// Nothing is synced: a mirror that a power cut damaged is cloned anew.
Status ExchangeMirror(const std::string& mirror) {
  const std::string fresh = mirror + ".new";
  if (renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, mirror.c_str(), RENAME_EXCHANGE) != 0) {
    return MirrorFileError("cannot exchange " + mirror + " and " + fresh, errno);
  }
  std::error_code ignored;
  fs::remove_all(fresh, ignored);
  return {};
}

}  // namespace portolan::controller
