#include "manifests/directory_artifact.h"

#include <algorithm>
#include <fstream>
#include <system_error>

#include "manifests/source_path.h"
#include "manifests/utf8.h"
#include "mapcore/base/digest.h"

// A folder as if it were a commit, for `validate` before one is made: the same names are refused
// as in a tree, and the listing is read at once, so that all of it is of one moment as far as a
// file system allows.

namespace portolan::manifests {
namespace {

namespace fs = std::filesystem;

// By read(), which turns a failure of the disk into a state of the stream; libstdc++'s iterators
// over a stream buffer throw it.
Result<std::string> ReadBytes(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::string bytes;
  char chunk[64 << 10];
  while (stream.read(chunk, sizeof chunk) || stream.gcount() > 0)
    bytes.append(chunk, static_cast<std::size_t>(stream.gcount()));
  if (!stream.is_open() || stream.bad())
    return Error{ErrorCode::kUnavailable, path.string() + ": cannot be read"};
  return bytes;
}

class DirectoryReader {
 public:
  DirectoryReader(fs::path root, const DirectoryLimits& limits)
      : root_(std::move(root)), limits_(limits) {}

  Result<Artifact> Read() {
    std::error_code error;
    if (!fs::is_directory(root_, error))
      return Error{ErrorCode::kNotFound, root_.string() + ": no such directory"};
    fs::recursive_directory_iterator entry(root_, error), end;
    while (!error && entry != end) {
      // Its objects are no manifests, and a worktree's .git is a file.
      if (entry->path().filename() == ".git") entry.disable_recursion_pending();
      PORTOLAN_CHECK(Visit(*entry));
      entry.increment(error);
    }
    if (error) return Error{ErrorCode::kUnavailable, root_.string() + ": " + error.message()};
    const auto by_path = [](const auto& a, const auto& b) { return a.path < b.path; };
    std::sort(artifact_.files.begin(), artifact_.files.end(), by_path);
    std::sort(artifact_.refusals.begin(), artifact_.refusals.end(), by_path);
    artifact_.read = [root = root_](const ArtifactFile& file) -> Result<std::string> {
      PORTOLAN_TRY(std::string bytes, ReadBytes(root / file.path));
      // The listing and the reading must be of one state, as they are of one commit.
      if (Sha256Of(bytes).Hex() != file.oid)
        return Error{ErrorCode::kConflict, file.path + ": changed while it was read"};
      return bytes;
    };
    return std::move(artifact_);
  }

 private:
  Status Visit(const fs::directory_entry& entry) {
    const std::string path = entry.path().lexically_relative(root_).generic_string();
    const auto refuse = [&](std::string reason, std::string message) {
      artifact_.refusals.push_back({path, std::move(reason), std::move(message)});
      return Status();
    };
    std::error_code error;
    // Of the entry itself: status() would follow a link out of the directory.
    const fs::file_status status = entry.symlink_status(error);
    if (error) return Error{ErrorCode::kUnavailable, path + ": " + error.message()};
    const bool hidden = IsHiddenPath(path);
    if (fs::is_symlink(status)) {
      if (hidden) return {};
      return refuse("SymlinkRefused", "symbolic links are not followed");
    }
    if (fs::is_directory(status) || !IsReadablePath(path)) return {};
    if (!fs::is_regular_file(status)) return refuse("NotAFile", "not a regular file");
    if (FindInvalidUtf8(path) != std::string_view::npos)
      return refuse("BadName", "the name is not UTF-8");
    const std::uintmax_t size = entry.file_size(error);
    if (!error && size > limits_.file_bytes)
      return refuse("TooLarge", "the file has " + std::to_string(size) + " bytes; at most " +
                                    std::to_string(limits_.file_bytes) + " are read");
    return Add(entry.path(), path);
  }

  // Read at once, for its hash: the loader's cache needs an id of the content.
  Status Add(const fs::path& place, const std::string& path) {
    PORTOLAN_TRY(const std::string bytes, ReadBytes(place));
    total_ += bytes.size();
    if (total_ > limits_.total_bytes || artifact_.files.size() >= limits_.files)
      return Error{ErrorCode::kExhausted,
                   root_.string() + ": more than " + std::to_string(limits_.files) + " files or " +
                       std::to_string(limits_.total_bytes) + " bytes of manifests"};
    artifact_.files.push_back({.path = path, .oid = Sha256Of(bytes).Hex(), .size = bytes.size()});
    return {};
  }

  fs::path root_;
  DirectoryLimits limits_;
  Artifact artifact_;
  std::size_t total_ = 0;
};

}  // namespace

Result<Artifact> ReadDirectory(const fs::path& directory, const DirectoryLimits& limits) {
  return DirectoryReader(directory, limits).Read();
}

}  // namespace portolan::manifests
