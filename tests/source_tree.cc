#include "tests/source_tree.h"

namespace portolan {

std::filesystem::path SourceTree() {
  return PORTOLAN_SOURCE_DIR;
}

}  // namespace portolan
