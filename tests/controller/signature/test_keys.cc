#include "tests/controller/signature/test_keys.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace portolan::controller {

void RunShell(const std::string& command) {
  if (std::system(command.c_str()) == 0) return;
  std::fprintf(stderr, "failed: %s\n", command.c_str());
  std::abort();
}

TestSshKey::TestSshKey(const TestDirectory& directory, const std::string& name)
    : path_(directory.Path("ssh/" + name)) {
  std::filesystem::create_directories(directory.Path("ssh"));
  RunShell("ssh-keygen -q -t ed25519 -N '' -C test -f '" + path_ + "'");
}

std::string TestSshKey::Allowed(const std::string& identity, const std::string& options) const {
  const std::string key = ReadFile(path_ + ".pub");
  return identity + (options.empty() ? "" : " " + options) + " " + key.substr(0, key.rfind(' ')) +
         "\n";
}

std::string TestSshKey::Sign(const std::string& bytes, const std::string& name_space) const {
  WriteFile(path_ + ".text", bytes);
  RunShell("ssh-keygen -q -Y sign -n " + name_space + " -f '" + path_ + "' '" + path_ +
           ".text' 2>/dev/null");
  const std::string signature = ReadFile(path_ + ".text.sig");
  std::filesystem::remove(path_ + ".text.sig");
  return signature;
}

std::string TestSshKey::Commit(const TestRepository& repository) const {
  repository.Git("-c gpg.format=ssh -c user.signingkey='" + path_ +
                 "' commit -q -S --allow-empty -m Signed");
  return repository.Git("rev-parse HEAD");
}

TestGpgKey::TestGpgKey(const TestDirectory& directory, const std::string& name, bool old)
    : home_(directory.Path("gpg-" + name)),
      time_(old ? "--faked-system-time 20200101T000000" : "") {
  std::filesystem::create_directories(home_);
  std::filesystem::permissions(home_, std::filesystem::perms::owner_all);
  RunShell(Gpg() + "--passphrase '' --quick-generate-key '" + name + " <" + name +
           "@corp.example>' ed25519 sign " + (old ? "1d" : "never") + " 2>/dev/null");
  RunShell(Gpg() + "--armor --export > '" + home_ + "/key.asc' 2>/dev/null");
  RunShell(Gpg() +
           "--list-keys --with-colons 2>/dev/null | awk -F: '/^fpr/ {printf \"%s\", $10; "
           "exit}' > '" +
           home_ + "/fingerprint'");
  key_ = ReadFile(home_ + "/key.asc");
  fingerprint_ = ReadFile(home_ + "/fingerprint");
}

TestGpgKey::~TestGpgKey() {
  RunShell("gpgconf --homedir '" + home_ + "' --kill gpg-agent");
}

std::string TestGpgKey::Gpg() const {
  return "gpg --homedir '" + home_ + "' --batch --quiet " + time_ + " ";
}

std::string TestGpgKey::Sign(const std::string& bytes) const {
  WriteFile(home_ + "/text", bytes);
  RunShell(Gpg() + "--yes --armor --detach-sign -o '" + home_ + "/text.asc' '" + home_ +
           "/text' 2>/dev/null");
  return ReadFile(home_ + "/text.asc");
}

std::string TestGpgKey::Commit(const TestRepository& repository) const {
  const std::string program = home_ + "/gpg";
  WriteFile(program, "#!/bin/sh\nexec " + Gpg() + "\"$@\"\n");
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  repository.Git("-c gpg.program='" + program + "' -c user.signingkey=" + fingerprint_ +
                 " commit -q -S --allow-empty -m Signed");
  return repository.Git("rev-parse HEAD");
}

bool HasGpg() {
  return access("/usr/bin/gpg", X_OK) == 0;
}

}  // namespace portolan::controller
