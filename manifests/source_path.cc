#include "manifests/source_path.h"

#include <vector>

namespace portolan::manifests {

bool IsReadablePath(std::string_view path) {
  return path.ends_with(".yaml") || path.ends_with(".yml") || path.ends_with(".json");
}

bool IsHiddenPath(std::string_view path) {
  return path.starts_with('.') || path.find("/.") != std::string_view::npos;
}

std::string_view FolderOf(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

// By text: there is no file system behind a commit, and no link is ever followed.
std::optional<std::string> ResolvePath(std::string_view folder, std::string_view path) {
  if (path.starts_with('/')) return std::nullopt;
  std::vector<std::string_view> parts;
  for (std::string_view rest : {folder, path}) {
    while (!rest.empty()) {
      const std::size_t slash = rest.find('/');
      const std::string_view part = rest.substr(0, slash);
      rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
      if (part.empty() || part == ".") continue;
      if (part != "..") {
        parts.push_back(part);
        continue;
      }
      if (parts.empty()) return std::nullopt;
      parts.pop_back();
    }
  }
  std::string resolved;
  for (std::string_view part : parts) {
    if (!resolved.empty()) resolved += '/';
    resolved += part;
  }
  if (resolved.empty()) return std::nullopt;
  return resolved;
}

bool IsGlob(std::string_view path) {
  return path.find_first_of("*?") != std::string_view::npos;
}

std::string_view LiteralPrefix(std::string_view glob) {
  return glob.substr(0, glob.find_first_of("*?"));
}

bool PathMatch(std::string_view glob, std::string_view path) {
  std::size_t g = 0, p = 0;
  std::size_t star = std::string_view::npos, resume = 0;
  while (p < path.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      resume = p;
    } else if (g < glob.size() && (glob[g] == path[p] || (glob[g] == '?' && path[p] != '/'))) {
      ++g;
      ++p;
      // The '*' takes one byte more, unless that is a '/': then nothing can match any more.
    } else if (star != std::string_view::npos && path[resume] != '/') {
      p = ++resume;
      g = star + 1;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

}  // namespace portolan::manifests
