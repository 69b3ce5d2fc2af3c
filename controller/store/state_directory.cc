#include "controller/store/state_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "controller/store/system_error.h"

namespace portolan::controller {
namespace {

std::string Parent(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

// Each level synced on its own: a state directory that a power cut forgets would be taken for a
// new one.
Status MakeDirectories(const std::string& path) {
  struct stat info;
  if (::stat(path.c_str(), &info) == 0) return {};
  if (const std::string parent = Parent(path); parent != path)
    PORTOLAN_CHECK(MakeDirectories(parent));
  return MakeDirectory(path);
}

Status CheckDirectory(const std::string& path) {
  struct stat info;
  if (::stat(path.c_str(), &info) != 0) return SystemError("state directory " + path, errno);
  if (!S_ISDIR(info.st_mode))
    return Error{ErrorCode::kInvalid,
                 "state directory " + path + ": expected a directory, found a file"};
  // Whoever may write here may decide what every client is served.
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Error{ErrorCode::kInvalid, "state directory " + path +
                                          ": other users may write to it; run `chmod 700 " + path +
                                          "` or choose another directory"};
  }
  return {};
}

// The holder's process id, as it wrote it; empty when unknown.
// For a message only: the number may be of a process in another container.
std::string ReadHolder(int fd) {
  char text[32];
  const ssize_t size = ::pread(fd, text, sizeof text, 0);
  std::string holder(text, size > 0 ? static_cast<std::size_t>(size) : 0);
  while (!holder.empty() && holder.back() == '\n') holder.pop_back();
  return holder;
}

}  // namespace

Result<StateDirectory> StateDirectory::Open(const std::string& path) {
  std::string clean = std::filesystem::path(path).lexically_normal().string();
  while (clean.size() > 1 && clean.back() == '/') clean.pop_back();
  PORTOLAN_CHECK(MakeDirectories(clean));
  PORTOLAN_CHECK(CheckDirectory(clean));
  const std::string lock_path = clean + "/lock";
  // The file stays when the lock ends: removing it would let two processes lock two files of one
  // name.
  FileDescriptor lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) return SystemError("open " + lock_path, errno);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return SystemError("lock " + lock_path, errno);
    const std::string holder = ReadHolder(lock.get());
    return Error{ErrorCode::kConflict,
                 "state directory " + clean + " is in use by another Portolan process" +
                     (holder.empty() ? "" : " (pid " + holder + ")") +
                     "; stop it first, or give this one another state directory"};
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  // The pid serves the message above only; a lock without it (full disk) still locks.
  [[maybe_unused]] const bool written =
      ::ftruncate(lock.get(), 0) == 0 && ::pwrite(lock.get(), pid.data(), pid.size(), 0) > 0;
  return StateDirectory(std::move(clean), std::move(lock));
}

Status SyncDirectory(const std::string& path) {
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return SystemError("open " + path, errno);
  if (::fsync(fd.get()) != 0) return SystemError("fsync " + path, errno);
  return {};
}

Status MakeDirectory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0) {
    // Whatever it is: CheckDirectory, or the next open, says what is wrong with it.
    if (errno == EEXIST) return {};
    return SystemError("create directory " + path, errno);
  }
  return SyncDirectory(Parent(path));
}

}  // namespace portolan::controller
