#pragma once

#include <string>

namespace portolan::controller {

// A commit as its signature covers it.
struct SignedCommit {
  std::string commit;     // 40 hex digits
  std::string signature;  // armored, SSH or OpenPGP; empty for a commit without one
  std::string payload;    // the bytes that it signs
};

}  // namespace portolan::controller
