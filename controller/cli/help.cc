#include "controller/cli/help.h"

#include <algorithm>
#include <iterator>
#include <sstream>
#include <vector>

#include "controller/cli/exit_code.h"
#include "controller/cli/output.h"

namespace portolan::controller {
namespace {

// The two-column block of flags, in the order they are declared.
std::string FlagLines(std::span<const FlagSpec> flags) {
  std::size_t width = 0;
  std::vector<std::string> names;
  for (const FlagSpec& flag : flags) {
    std::string name = flag.letter != 0 ? std::string("-") + flag.letter + ", " : "    ";
    name += "--" + std::string(flag.name);
    if (!flag.value.empty()) name += " " + std::string(flag.value);
    width = std::max(width, name.size());
    names.push_back(std::move(name));
  }
  std::string lines;
  for (std::size_t i = 0; i < names.size(); ++i)
    lines += "  " + names[i] + std::string(width - names[i].size() + 2, ' ') +
             std::string(flags[i].help) + "\n";
  return lines;
}

// Those that the verb does not declare for itself, because it takes other values.
std::vector<FlagSpec> OtherGlobalFlags(const VerbSpec& verb) {
  std::vector<FlagSpec> flags;
  std::ranges::copy_if(GlobalFlags(), std::back_inserter(flags), [&](const FlagSpec& flag) {
    return std::ranges::find(verb.flags, flag.name, &FlagSpec::name) == verb.flags.end();
  });
  return flags;
}

}  // namespace

std::string HelpOverview(std::span<const VerbSpec> verbs) {
  std::size_t width = 0;
  for (const VerbSpec& verb : verbs) width = std::max(width, verb.name.size());
  std::ostringstream text;
  text << "Portolan: GitOps for the maps that services run on.\n\n"
       << "Usage: portolan VERB [ARGUMENTS] [FLAGS]\n\nVerbs:\n";
  for (const VerbSpec& verb : verbs)
    text << "  " << verb.name << std::string(width - verb.name.size() + 2, ' ') << verb.summary
         << '\n';
  text << "\nportolan help VERB shows flags and examples; portolan help exit-codes the exit "
          "codes.\n";
  return text.str();
}

std::string HelpOfVerb(const VerbSpec& verb) {
  std::ostringstream text;
  text << "portolan " << verb.name << ": " << verb.summary << "\n\nUsage: portolan " << verb.name;
  for (const std::string_view positional : verb.positionals) text << ' ' << positional;
  text << " [FLAGS]\n";
  if (!verb.flags.empty()) text << "\nFlags:\n" << FlagLines(verb.flags);
  text << "\nFlags of every verb:\n" << FlagLines(OtherGlobalFlags(verb));
  if (!verb.examples.empty()) text << "\nExamples:\n";
  for (const std::string_view example : verb.examples) text << "  portolan " << example << '\n';
  return text.str();
}

std::string HelpOfExitCodes() {
  std::ostringstream text;
  text << "Exit codes of every verb:\n";
  for (const auto& [code, meaning] : ExitCodeMeanings()) {
    const std::string number = std::to_string(static_cast<int>(code));
    text << std::string(5 - number.size(), ' ') << number << "  " << meaning << '\n';
  }
  text << "\ndiff follows diff(1): 0 no difference, 1 difference, 2 error. plan returns 0 whether "
          "or "
          "not\nanything changes, unless --detailed-exitcode asks for 0 nothing, 1 error, 2 "
          "changes.\n";
  return text.str();
}

}  // namespace portolan::controller
