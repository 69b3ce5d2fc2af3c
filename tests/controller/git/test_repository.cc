#include "tests/controller/git/test_repository.h"

#include <stdlib.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace portolan::controller {
namespace {

constexpr const char* kEnvironment =
    "GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0 LC_ALL=C "
    "GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@example.com "
    "GIT_COMMITTER_NAME=Ada GIT_COMMITTER_EMAIL=ada@example.com "
    "GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE='1700000000 +0000' ";

}  // namespace

TestDirectory::TestDirectory() {
  std::string pattern = std::filesystem::temp_directory_path() / "portolan-git-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) abort();
  root_ = pattern;
}

TestDirectory::~TestDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(root_, ignored);
}

TestRepository::TestRepository(std::string dir) : dir_(std::move(dir)) {
  std::filesystem::create_directories(dir_);
  Git("init -q -b main .");
  Git("config gc.auto 0");
}

std::string TestRepository::Git(const std::string& arguments) const {
  const std::string command = "cd '" + dir_ + "' && " + kEnvironment + "git " + arguments;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  std::string output;
  char chunk[4096];
  std::size_t n = 0;
  while ((n = fread(chunk, 1, sizeof chunk, pipe)) > 0) output.append(chunk, n);
  const int status = pclose(pipe);
  if (status != 0) {
    fprintf(stderr, "%s\nfailed: %s\n", command.c_str(), output.c_str());
    abort();
  }
  if (output.ends_with('\n')) output.pop_back();
  return output;
}

void TestRepository::Write(const std::string& path, const std::string& content) const {
  WriteFile(dir_ + "/" + path, content);
}

std::string TestRepository::Commit(const std::string& path, const std::string& content) const {
  Write(path, content);
  Git("add -A");
  return CommitIndex();
}

std::string TestRepository::CommitIndex() const {
  Git("commit -q --allow-empty -m 'Change the limits'");
  return Git("rev-parse HEAD");
}

void WriteFile(const std::string& path, const std::string& content) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

std::string ReadFile(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

void DamagePacks(const std::string& repository, std::size_t kept) {
  namespace fs = std::filesystem;
  constexpr std::size_t kHeader = 12;
  for (const auto& entry : fs::directory_iterator(repository + "/objects/pack")) {
    if (entry.path().extension() != ".pack") continue;
    const std::size_t size = fs::file_size(entry.path());
    fs::permissions(entry.path(), fs::perms::owner_write, fs::perm_options::add);
    std::fstream pack(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    pack.seekp(kHeader);
    pack << std::string(size - kHeader - kept, '\xFF');
  }
}

}  // namespace portolan::controller
