#pragma once

#include <string>
#include <vector>

#include "manifests/value.h"

namespace portolan::reconciler {

// Who had a part in what a plan changes: nobody of them may approve it. An author is what a commit
// says, and may be anybody's name; a signer is verified, and cannot be. Both count, so that a
// forged author lets nobody approve the own commit.
struct Writers {
  std::vector<std::string> authors;  // "Ann Ash <ann@example.com>", in order of their commits
  std::vector<std::string> signers;  // identities of verified signatures, "ann@example.com"

  bool empty() const { return authors.empty() && signers.empty(); }
  // Takes the others in, each name once.
  void Add(const Writers& others);

  friend bool operator==(const Writers&, const Writers&) = default;
};

// Sets the members `authors` and `signers`, the latter only when somebody signed.
void WriteWriters(const Writers& writers, manifests::Value& value);
// Absent members are empty; what is no string is left out.
Writers WritersFrom(const manifests::Value& value);

}  // namespace portolan::reconciler
