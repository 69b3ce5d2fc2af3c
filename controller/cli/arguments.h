#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mapcore/base/result.h"

namespace portolan::controller {

struct FlagSpec {
  std::string_view name;   // without dashes, "output"
  char letter = 0;         // 'o', or 0
  std::string_view value;  // what to call its value in help; empty: a switch
  std::string_view help;
};

class VerbSession;
enum class ExitCode;

// A verb: what a command line may say after it, and what it does.
struct VerbSpec {
  std::string_view name;  // one or two words: "status", "source accept"
  std::string_view summary;
  std::vector<std::string_view>
      positionals;  // "MAP" required, "[KEY]" optional; optional ones come last
  std::vector<FlagSpec> flags;
  std::vector<std::string_view> examples;   // without "portolan "
  ExitCode (*run)(VerbSession&) = nullptr;  // null: the program handles the verb before RunCli
};

// A command line that was understood.
struct Invocation {
  const VerbSpec* verb = nullptr;
  std::map<std::string, std::string, std::less<>> flags;  // by long name; a switch holds ""
  std::vector<std::string> positionals;

  bool Has(std::string_view flag) const { return flags.contains(flag); }
  std::string Get(std::string_view flag, std::string_view fallback = "") const;
  std::string At(std::size_t index, std::string_view fallback = "") const;
};

// The flags that every verb takes.
std::span<const FlagSpec> GlobalFlags();

// Reads arguments (without the program's name) against the verbs. Flags may stand anywhere, `--flag
// value` or
// `--flag=value`, also before the verb; "--" ends them. Asked for help (-h, --help), missing
// positionals are no error. Errors: kInvalid with one sentence and, where something is near, "did
// you mean".
Result<Invocation> ParseArguments(std::span<const VerbSpec> verbs,
                                  const std::vector<std::string>& args);

}  // namespace portolan::controller
