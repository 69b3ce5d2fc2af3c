#pragma once

#include <map>
#include <string>

#include "mapcore/base/result.h"

namespace portolan::controller {

// The files of several commits of one source, each content once: commits that follow each other
// have most of them in common.
struct CommitFiles {
  using Tree = std::map<std::string, std::string>;  // path -> name of the content
  std::map<std::string, Tree> trees;                // by commit
  std::map<std::string, std::string> contents;      // by name
  std::map<std::string, Error> unreadable;          // why a commit cannot be read, by commit
};

}  // namespace portolan::controller
