#include "controller/git/tree_listing.h"

#include <git2.h>

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "manifests/utf8.h"

// A tree object is input from whoever may push: names that leave a directory, links, submodules,
// names that two file systems see differently. Everything that cannot be read plainly becomes a
// refusal with its path, never a silent gap, and the rest of the tree goes on. Recursion is
// bounded by `depth`, work by `entries`.

namespace portolan::controller {
namespace {

using manifests::Refusal;

constexpr std::string_view kLfsFirstLine = "version https://git-lfs.github.com/spec/v1\n";
constexpr std::size_t kLfsBytesMin = 100;   // three lines, one with 64 hex digits
constexpr std::size_t kLfsBytesMax = 1024;  // git-lfs docs/spec.md

// A checkout on a file system without case would have only one of the two (git's core.ignoreCase);
// ASCII, since folding of other scripts differs by system.
std::string FoldCase(std::string_view name) {
  std::string folded(name);
  for (char& c : folded) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return folded;
}

std::unordered_set<std::string> NamesThatDifferInCase(const git_tree* tree) {
  std::unordered_set<std::string> seen;
  std::unordered_set<std::string> doubled;
  for (std::size_t i = 0; i < git_tree_entrycount(tree); ++i) {
    std::string folded = FoldCase(git_tree_entry_name(git_tree_entry_byindex(tree, i)));
    if (!seen.insert(folded).second) doubled.insert(std::move(folded));
  }
  return doubled;
}

// Why a name cannot be part of a path, or null.
// git's own tools do not write such names; other programs may.
const char* NameFault(std::string_view name) {
  if (name == ".." || name == "." || name.empty()) return "is a name that leaves its directory";
  if (manifests::FindInvalidUtf8(name) < name.size()) return "is not UTF-8; rename it";
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      return "has a control character in its name; rename it";
    }
  }
  return nullptr;
}

template <typename Row>
void SortByPath(std::vector<Row>& rows) {
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.path < b.path; });
}

}  // namespace

Error MirrorReadError(int rc, const std::string& what) {
  const GitFailure failure = LastGitFailure(rc);
  if (failure.environmental()) {
    return {ErrorCode::kUnavailable, "Unreachable: cannot read " + what + ": " + failure.text};
  }
  return {ErrorCode::kCorrupt, "CorruptMirror: cannot read " + what + ": " + failure.text};
}

// One descent through a tree.
class TreeListing::Walk {
 public:
  Walk(const TreeListing& listing, git_repository* repository)
      : limits_(listing.limits_), known_lfs_(listing.is_lfs_), repository_(repository) {}

  Status Run(const git_oid& root) {
    git_odb* raw = nullptr;
    if (const int rc = git_repository_odb(&raw, repository_); rc < 0) {
      return MirrorReadError(rc, "the mirror's objects");
    }
    // For headers: git_odb_read_header tells type and size of an object in a pack without its
    // content.
    odb_.reset(raw);
    PORTOLAN_CHECK(Directory(root, "", 1));
    SortByPath(out_.files);
    SortByPath(out_.refusals);
    return {};
  }

  Listed& out() { return out_; }
  std::unordered_map<std::string, bool>& is_lfs() { return is_lfs_; }

 private:
  Status Directory(const git_oid& id, const std::string& prefix, int depth) {
    git_tree* raw = nullptr;
    if (const int rc = git_tree_lookup(&raw, repository_, &id); rc < 0) {
      return MirrorReadError(rc, "the directory \"" + Printable(prefix) + "\"");
    }
    const GitPtr<git_tree> tree(raw);
    const auto doubled = NamesThatDifferInCase(tree.get());
    for (std::size_t i = 0; i < git_tree_entrycount(tree.get()); ++i) {
      if (++entries_ > limits_.entries) {
        return Error{ErrorCode::kExhausted, "TooLarge: more than " +
                                                std::to_string(limits_.entries) +
                                                " files and directories; watch a path with fewer"};
      }
      const git_tree_entry* entry = git_tree_entry_byindex(tree.get(), i);
      const std::string_view name = git_tree_entry_name(entry);
      const std::string path = prefix + std::string(name);
      if (const char* fault = NameFault(name); fault != nullptr) {
        Refuse(Printable(path), "BadName", fault);
      } else if (doubled.contains(FoldCase(name))) {
        Refuse(path, "BadName", "differs from its neighbour only in case; rename one of them");
      } else {
        PORTOLAN_CHECK(Entry(entry, path, depth));
      }
    }
    return {};
  }

  Status Entry(const git_tree_entry* entry, const std::string& path, int depth) {
    const git_oid& id = *git_tree_entry_id(entry);
    switch (git_tree_entry_filemode(entry)) {
      case GIT_FILEMODE_TREE:
        if (depth < limits_.depth) return Directory(id, path + "/", depth + 1);
        Refuse(path, "TooLarge",
               "is nested deeper than " + std::to_string(limits_.depth) + " directories");
        return {};
      case GIT_FILEMODE_LINK:
        Refuse(path, "SymlinkRefused", "is a symbolic link; commit the file itself");
        return {};
      case GIT_FILEMODE_COMMIT:
        Refuse(path, "SubmoduleRefused",
               "is a submodule; watch its repository as a source of its own");
        return {};
      default:
        return File(id, path);
    }
  }

  Status File(const git_oid& id, const std::string& path) {
    std::size_t size = 0;
    git_object_t type = GIT_OBJECT_INVALID;
    if (const int rc = git_odb_read_header(&size, &type, odb_.get(), &id); rc < 0) {
      return MirrorReadError(rc, path);
    }
    if (size > limits_.blob_bytes) {
      Refuse(path, "TooLarge",
             "has " + std::to_string(size) + " bytes, and a file may have " +
                 std::to_string(limits_.blob_bytes));
      return {};
    }
    manifests::ArtifactFile file{path, git_oid_tostr_s(&id), size};
    PORTOLAN_TRY(const bool lfs, IsLfsPointer(id, file));
    if (lfs) {
      Refuse(path, "LfsPointer", "is a git-lfs pointer, not the file; commit the file itself");
    } else {
      out_.files.push_back(std::move(file));
    }
    return {};
  }

  Result<bool> IsLfsPointer(const git_oid& id, const manifests::ArtifactFile& file) {
    if (file.size < kLfsBytesMin || file.size > kLfsBytesMax) return false;
    // Content of an id never changes, so what it is need not be read again.
    if (const auto known = known_lfs_.find(file.oid); known != known_lfs_.end()) {
      return is_lfs_[file.oid] = known->second;
    }
    git_blob* raw = nullptr;
    if (const int rc = git_blob_lookup(&raw, repository_, &id); rc < 0) {
      return MirrorReadError(rc, file.path);
    }
    const GitPtr<git_blob> blob(raw);
    const std::string_view text(static_cast<const char*>(git_blob_rawcontent(raw)), file.size);
    return is_lfs_[file.oid] = text.starts_with(kLfsFirstLine);
  }

  void Refuse(const std::string& path, const std::string& reason, const std::string& why) {
    out_.refusals.push_back(Refusal{path, reason, "\"" + path + "\" " + why});
  }

  const TreeLimits& limits_;
  const std::unordered_map<std::string, bool>& known_lfs_;
  git_repository* repository_;
  GitPtr<git_odb> odb_;
  std::size_t entries_ = 0;
  Listed out_;
  std::unordered_map<std::string, bool> is_lfs_;
};

Result<TreeListing::Listed> TreeListing::List(git_repository* repository, const std::string& tree) {
  git_oid id;
  if (git_oid_fromstr(&id, tree.c_str()) < 0) {
    return Error{ErrorCode::kInvalid, "InvalidPath: \"" + tree + "\" is no object id"};
  }
  Walk walk(*this, repository);
  PORTOLAN_CHECK(walk.Run(id));
  is_lfs_ = std::move(walk.is_lfs());
  return std::move(walk.out());
}

}  // namespace portolan::controller
