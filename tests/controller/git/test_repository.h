#pragma once

#include <cstddef>
#include <string>

namespace portolan::controller {

// A directory of its own under the system's temporary directory, removed with everything in it at
// the end.
class TestDirectory {
 public:
  TestDirectory();
  ~TestDirectory();
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;

  std::string Path(const std::string& name) const { return root_ + "/" + name; }

 private:
  std::string root_;
};

// A repository with a working tree that the real git program makes and changes. Its identity, dates
// and configuration do not depend on the machine. A git command that fails ends the test program.
class TestRepository {
 public:
  explicit TestRepository(std::string dir);

  const std::string& dir() const { return dir_; }
  // Runs `git <arguments>` by the shell in the working tree, and returns its output without the
  // last newline.
  std::string Git(const std::string& arguments) const;
  // Writes the file, and commits all changes. Returns the commit's id.
  std::string Commit(const std::string& path, const std::string& content) const;
  void Write(const std::string& path, const std::string& content) const;
  // Commits whatever the index holds.
  std::string CommitIndex() const;

 private:
  std::string dir_;
};

void WriteFile(const std::string& path, const std::string& content);
// Overwrites everything of every pack of a bare repository but its header and the last `kept`
// bytes.
void DamagePacks(const std::string& repository, std::size_t kept);
std::string ReadFile(const std::string& path);

}  // namespace portolan::controller
