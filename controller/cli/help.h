#pragma once

#include <span>
#include <string>

#include "controller/cli/arguments.h"

namespace portolan::controller {

// What `portolan help` prints: every verb with its summary.
std::string HelpOverview(std::span<const VerbSpec> verbs);
// What `portolan help VERB` prints: usage, flags, examples.
std::string HelpOfVerb(const VerbSpec& verb);
// What `portolan help exit-codes` prints.
std::string HelpOfExitCodes();

}  // namespace portolan::controller
