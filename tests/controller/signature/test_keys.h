#pragma once

#include <string>

#include "tests/controller/git/test_repository.h"

namespace portolan::controller {

// Runs a shell command; one that fails ends the test program.
void RunShell(const std::string& command);

// An SSH key that the real ssh-keygen makes.
class TestSshKey {
 public:
  TestSshKey(const TestDirectory& directory, const std::string& name);

  // A line of allowed signers, with options such as `valid-before="20200101"`.
  std::string Allowed(const std::string& identity, const std::string& options = "") const;
  // An SSH signature of the bytes.
  std::string Sign(const std::string& bytes, const std::string& name_space = "git") const;
  // Commits what the index of the repository holds, signed by `git commit -S`; its id.
  std::string Commit(const TestRepository& repository) const;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// An OpenPGP key that the real gpg makes, in a home of its own, whose agent is ended at the end.
class TestGpgKey {
 public:
  // With `old`, made and expired years ago.
  TestGpgKey(const TestDirectory& directory, const std::string& name, bool old = false);
  ~TestGpgKey();
  TestGpgKey(const TestGpgKey&) = delete;
  TestGpgKey& operator=(const TestGpgKey&) = delete;

  const std::string& fingerprint() const { return fingerprint_; }
  const std::string& key() const { return key_; }  // armored, public
  std::string Sign(const std::string& bytes) const;
  std::string Commit(const TestRepository& repository) const;

 private:
  std::string Gpg() const;

  std::string home_;
  std::string time_;
  std::string fingerprint_;
  std::string key_;
};

// `gpg` is optional on a machine that builds.
bool HasGpg();

}  // namespace portolan::controller
