#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace portolan::manifests {

// Paths inside a source: relative to its root, '/' separated.

// Whether the file's name ends in .yaml, .yml or .json.
bool IsReadablePath(std::string_view path);
// Whether the path, or a folder on it, begins with a dot: such files are read only when they are
// named outright.
bool IsHiddenPath(std::string_view path);
// "maps/a.yaml" gives "maps"; a file at the root gives "".
std::string_view FolderOf(std::string_view path);
// The path from the root, of a path written in a file of `folder`: "." and ".." are resolved.
// Nothing for absolute paths and those that leave the source.
std::optional<std::string> ResolvePath(std::string_view folder, std::string_view path);

bool IsGlob(std::string_view path);
// The part before the first wildcard: what every match begins with.
std::string_view LiteralPrefix(std::string_view glob);
// `*` matches any run of bytes but '/', `?` one byte but '/'. O(glob * path) at worst, no
// recursion.
bool PathMatch(std::string_view glob, std::string_view path);

}  // namespace portolan::manifests
