#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace portolan::manifests {

// A place in a text: 1-based line and column; columns count code points. Line 0 means the whole
// file.
struct Position {
  int line = 0;
  int column = 0;
};

// A parsed YAML or JSON document as a tree with positions, before any typing: what decoders read.
// Scalars of YAML keep their text and whether they were quoted; typing follows the YAML 1.2 core
// schema in one place (scalar.h).
struct Node {
  enum class Kind { kScalar, kSequence, kMapping };
  struct Member;

  Kind kind = Kind::kScalar;
  Position position;            // of the first character
  std::string text;             // of a scalar
  bool quoted = false;          // a scalar that was quoted or block style, hence a string
  std::vector<Node> items;      // of a sequence
  std::vector<Member> members;  // of a mapping, in order; keys are unique

  // The member's value, or null.
  const Node* Find(std::string_view key) const;
};

struct Node::Member {
  std::string key;
  Position position;  // of the key
  Node value;
};

}  // namespace portolan::manifests
