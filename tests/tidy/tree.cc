#include "tests/tidy/tree.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

namespace portolan::tidy {
namespace {

namespace fs = std::filesystem;

bool Skipped(const std::string& name) {
  return name.starts_with('.') || name.starts_with("build") || name == "node_modules";
}

}  // namespace

std::string_view SourceFile::top() const {
  return std::string_view(path).substr(0, path.find('/'));
}
bool SourceFile::header() const {
  return path.ends_with(".h");
}
bool SourceFile::source() const {
  return path.ends_with(".cc");
}

SourceFile MakeFile(std::string path, std::string_view text) {
  SourceFile file{std::move(path), {}};
  std::istringstream stream{std::string(text)};
  for (std::string line; std::getline(stream, line);) file.lines.push_back(line);
  return file;
}

Tree ReadTree(const std::string& root) {
  Tree tree;
  for (auto entry = fs::recursive_directory_iterator(root);
       entry != fs::recursive_directory_iterator(); ++entry) {
    if (entry->is_directory() && Skipped(entry->path().filename().string())) {
      entry.disable_recursion_pending();
      continue;
    }
    const std::string path = fs::relative(entry->path(), root).generic_string();
    tree.paths.insert(path);
    const bool code = path.ends_with(".h") || path.ends_with(".cc");
    if (!entry->is_regular_file() || (!code && !path.ends_with(".md"))) continue;
    std::ostringstream text;
    text << std::ifstream(entry->path(), std::ios::binary).rdbuf();
    (code ? tree.code : tree.documents).push_back(MakeFile(path, text.str()));
  }
  const auto by_path = [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; };
  std::sort(tree.code.begin(), tree.code.end(), by_path);
  std::sort(tree.documents.begin(), tree.documents.end(), by_path);
  return tree;
}

}  // namespace portolan::tidy
