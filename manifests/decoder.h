#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "manifests/diagnostic.h"
#include "manifests/node.h"

namespace portolan::manifests {

// Diagnostics kept of one file; a file with more says how many there were.
constexpr std::size_t kReportMax = 1'000;

// The place of a field in its document, `spec.entries."api/login".rps`. A path refers to its
// parent, which must outlive it: paths live on the stack of a decoder, and text is made only for a
// message.
class FieldPath {
 public:
  FieldPath() = default;

  FieldPath Member(std::string_view name) const;  // `name` must outlive the path
  FieldPath Item(std::size_t index) const;
  // Members that are no plain words are quoted, items are `[0]`.
  std::string ToString() const;

 private:
  const FieldPath* parent_ = nullptr;
  std::string_view name_;
  std::ptrdiff_t index_ = -1;
};

// A node and its path. Without a node the field is absent: readers then give nothing and report
// nothing.
struct Field {
  const Node* node = nullptr;
  FieldPath path;

  explicit operator bool() const { return node != nullptr; }
  Field Item(std::size_t index) const { return {&node->items[index], path.Item(index)}; }
};

// Collects what is wrong with one file. One thread's own.
class Report {
 public:
  explicit Report(std::string file) : file_(std::move(file)) {}

  void Error(const Field& field, std::string message, std::string hint = "");
  void Add(Diagnostic diagnostic);

  const std::string& file() const { return file_; }
  bool clean() const { return diagnostics_.empty(); }
  std::size_t size() const { return diagnostics_.size() + dropped_; }
  std::vector<Diagnostic> Take();

 private:
  std::string file_;
  std::vector<Diagnostic> diagnostics_;
  std::size_t dropped_ = 0;
};

// Reads the members of a mapping by name. What nobody took when Finish() is called is an unknown
// field. A node that is no mapping is reported once and then reads as empty. Fields taken refer to
// the decoder's path: keep it alive.
class MappingDecoder {
 public:
  MappingDecoder(const Field& field, Report& report);
  MappingDecoder(const MappingDecoder&) = delete;
  MappingDecoder& operator=(const MappingDecoder&) = delete;

  Field Take(std::string_view name);
  // As Take; an absent member is an error.
  Field Require(std::string_view name);
  // Members that are part of the format's design but do not work yet: each that is present is an
  // error.
  void RefuseForNow(std::initializer_list<std::string_view> names);
  // Each of these that is present is an error with this message, and none is ever suggested.
  void Refuse(std::span<const std::string_view> names, const std::string& message);
  void Finish();

  // The mapping itself, for errors about it as a whole.
  const Field& field() const { return field_; }

 private:
  Field field_;
  const Node* node_;  // null when it is no mapping
  Report& report_;
  std::vector<bool> taken_;
  std::vector<std::string_view> known_;
};

// What a message says was found: the scalar (shortened), "a list", "an object".
std::string Found(const Node& node);
// An error of no particular field.
Diagnostic ErrorAt(std::string file, Position position, std::string message, std::string hint = "");
// The error about a member that nobody knows.
Diagnostic UnknownField(std::string file, const FieldPath& parent, const Node::Member& member,
                        const std::vector<std::string_view>& known);

}  // namespace portolan::manifests
