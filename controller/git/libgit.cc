#include "controller/git/libgit.h"

#include <git2.h>

#include <fstream>
#include <mutex>

#include "manifests/utf8.h"

namespace portolan::controller {
namespace {

// The defaults (1 GiB windows, 8 GiB mapped, 256 MiB of cached objects) are the worker's whole
// address space.
constexpr std::size_t kWindowBytes = 32u << 20;
constexpr std::size_t kMappedBytesMax = 256u << 20;
constexpr ssize_t kCacheBytesMax = 32 << 20;
constexpr std::size_t kPrintableMax = 1024;
// libgit2 up to 1.5 reads its limit for big files from pack.deltaCacheSize (a slip in its
// packbuilder_config), later ones from core.bigFileThreshold. The first then shrinks a cache, no
// more.
constexpr char kPackSettings[] = "[core]\n\tbigFileThreshold = 1m\n[pack]\n\tdeltaCacheSize = 1m\n";

}  // namespace

void GitDeleter::operator()(git_blob* blob) const {
  git_blob_free(blob);
}
void GitDeleter::operator()(git_commit* commit) const {
  git_commit_free(commit);
}
void GitDeleter::operator()(git_odb* odb) const {
  git_odb_free(odb);
}
void GitDeleter::operator()(git_reference* reference) const {
  git_reference_free(reference);
}
void GitDeleter::operator()(git_remote* remote) const {
  git_remote_free(remote);
}
void GitDeleter::operator()(git_repository* repository) const {
  git_repository_free(repository);
}
void GitDeleter::operator()(git_revwalk* walk) const {
  git_revwalk_free(walk);
}
void GitDeleter::operator()(git_tree* tree) const {
  git_tree_free(tree);
}

void InitLibgit() {
  static std::once_flag once;
  std::call_once(once, [] {
    git_libgit2_init();
    for (int level : {GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG,
                      GIT_CONFIG_LEVEL_GLOBAL}) {
      git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
    }
    git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, kWindowBytes);
    git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, kMappedBytesMax);
    git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, kCacheBytesMax);
  });
}

Status KeepLargeFilesWhole(const std::string& directory) {
  const std::string path = directory + "/.gitconfig";
  std::ofstream file(path, std::ios::trunc);
  file << kPackSettings << std::flush;
  if (!file) return Error{ErrorCode::kUnavailable, "cannot write " + path + "; check the disk"};
  InitLibgit();
  git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, GIT_CONFIG_LEVEL_GLOBAL, directory.c_str());
  return {};
}

bool GitFailure::environmental() const {
  return category == GIT_ERROR_OS || category == GIT_ERROR_NOMEMORY;
}

bool GitFailure::foreign_owner() const {
  return code == GIT_EOWNER || text.find("safe.directory") != std::string::npos;
}

GitFailure LastGitFailure(int code) {
  const git_error* last = git_error_last();
  if (last == nullptr) return {code, GIT_ERROR_NONE, "no explanation"};
  return {code, last->klass, Printable(last->message)};
}

int OpenBareRepository(GitPtr<git_repository>& repository, const std::string& dir) {
  git_repository* raw = nullptr;
  const int rc = git_repository_open_ext(
      &raw, dir.c_str(), GIT_REPOSITORY_OPEN_NO_SEARCH | GIT_REPOSITORY_OPEN_BARE, nullptr);
  repository.reset(raw);
  return rc;
}

std::string Printable(std::string_view text) {
  std::string out(text.substr(0, kPrintableMax));
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  for (std::size_t bad = 0; (bad = manifests::FindInvalidUtf8(out)) < out.size();) out[bad] = '?';
  return out;
}

}  // namespace portolan::controller
