// Where the sources of the tested tree lie, for tests that read its examples or itself.
#pragma once

#include <filesystem>

namespace portolan {

// The absolute path of the tree's root. One translation unit knows it, so that a compiler cache
// serves all the others to every clone of the tree.
std::filesystem::path SourceTree();

}  // namespace portolan
