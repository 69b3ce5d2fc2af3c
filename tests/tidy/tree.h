#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace portolan::tidy {

struct SourceFile {
  std::string path;  // relative to the root of the project, with '/'
  std::vector<std::string> lines;

  std::string_view top() const;  // the first folder of the path, or the file itself
  bool header() const;
  bool source() const;  // a .cc file
};

// The text files of the project that the rules read, and every path in it.
struct Tree {
  std::vector<SourceFile> code;       // .h and .cc, sorted by path
  std::vector<SourceFile> documents;  // .md, sorted by path
  std::set<std::string> paths;        // every file and folder
};

// Skips hidden and build folders.
Tree ReadTree(const std::string& root);

SourceFile MakeFile(std::string path, std::string_view text);

}  // namespace portolan::tidy
