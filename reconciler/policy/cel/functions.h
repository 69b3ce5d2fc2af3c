#pragma once

#include <span>
#include <string_view>

namespace portolan::reconciler::cel {

// A function or macro as a list of them shows it.
struct FunctionDoc {
  std::string_view group;      // "string", "portolan"
  std::string_view name;       // "startsWith"
  std::string_view signature;  // "string.startsWith(string) -> bool"
  std::string_view text;       // one sentence
};

// All functions and macros of the language, by group.
std::span<const FunctionDoc> FunctionDocs();

}  // namespace portolan::reconciler::cel
