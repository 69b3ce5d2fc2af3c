#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "manifests/document.h"

namespace portolan::manifests {

// Builds the documents of one text from a reader's events, and checks on the way what holds for
// every format: limits and unique keys. Once a step returned false, `failure()` says why and the
// builder is at its end.
class NodeBuilder {
 public:
  NodeBuilder(std::string file, const ReadLimits& limits);

  bool Key(std::string key, Position position);
  bool Scalar(std::string text, bool quoted, Position position);
  bool Open(Node::Kind kind, Position position);
  bool Close();

  // True when a mapping is open and its next node is a key.
  bool ExpectsKey() const;
  // True when a key waits for its value.
  bool ExpectsValue() const;

  // Adds a problem of the current node; the document is damaged but goes on.
  bool Damage(Position position, std::string message, std::string hint = "");
  // Ends the reading. Always false.
  bool Fail(Position position, std::string message, std::string hint = "");
  // Ends the reading at a collection that has too many around it. Always false.
  bool FailTooDeep(Position position);
  const std::optional<Diagnostic>& failure() const { return failure_; }

  // The document that the events since the last call made, and a new start.
  Document TakeDocument();

 private:
  struct Frame {
    Node* node;            // stable while open: its parent does not grow meanwhile
    bool has_key = false;  // of a mapping: the last member waits for its value
  };

  bool Count(Position position);
  bool LimitScalar(std::string& text, Position position);
  Node* AddNode(Position position);
  bool RefuseRepeatedKeys(Node& mapping);
  std::string CurrentField() const;

  const std::string file_;
  const ReadLimits limits_;
  Document document_;
  std::vector<Frame> open_;
  std::optional<Diagnostic> failure_;
  std::size_t nodes_ = 0;
  std::size_t errors_ = 0;
};

}  // namespace portolan::manifests
