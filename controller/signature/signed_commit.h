#pragma once

#include <string>

namespace portolan::controller {

// Bytes and an SSH signature of them.
struct SignedBytes {
  std::string subject;     // what they are, for messages: "the answer"
  std::string name_space;  // of ssh-keygen -Y; a signature of one is none of another
  std::string signature;   // armored
  std::string payload;
};

// A commit as its signature covers it.
struct SignedCommit {
  std::string commit;     // 40 hex digits
  std::string signature;  // armored, SSH or OpenPGP; empty for a commit without one
  std::string payload;    // the bytes that it signs
};

}  // namespace portolan::controller
