#include "controller/cli/arguments.h"

#include "mapcore/base/did_you_mean.h"

namespace portolan::controller {
namespace {

constexpr FlagSpec kGlobalFlags[] = {
    {"server", 0, "URL", "the daemon: unix:///path or http://host:port ($PORTOLAN_SERVER)"},
    {"token", 0, "TOKEN", "who asks ($PORTOLAN_TOKEN)"},
    {"token-file", 0, "FILE", "a file that holds the token"},
    {"output", 'o', "FORMAT", "table, wide, json, jsonl or name"},
    {"timeout", 0, "DURATION", "of a request (10s), or of --wait and wait (1h)"},
    {"request-id", 0, "ID", "of a verb; the same id acts once in 24 h (default: random)"},
    {"yes", 'y', "", "answer yes where a terminal would be asked"},
    {"no-color", 0, "", "no colour (also $NO_COLOR)"},
    {"quiet", 'q', "", "no progress and no hints on stderr"},
    {"help", 'h', "", "help for this verb"},
};

std::string Hint(std::string_view word, const std::vector<std::string_view>& candidates) {
  const std::string hint = DidYouMean(word, candidates);
  return hint.empty() ? "" : "; " + hint;
}

Error Bad(std::string message) {
  return {ErrorCode::kInvalid, std::move(message)};
}

bool IsFlag(const std::string& arg) {
  return arg.size() > 1 && arg[0] == '-';
}

const FlagSpec* FindFlag(std::span<const FlagSpec> flags, std::string_view name) {
  for (const FlagSpec& flag : flags) {
    const bool by_letter = name.size() == 1 && flag.letter == name[0];
    if (by_letter || flag.name == name) return &flag;
  }
  return nullptr;
}

// The words of a command line in two heaps: what names and feeds the verb, and flags still as text.
class Reader {
 public:
  Reader(std::span<const VerbSpec> verbs, const std::vector<std::string>& args)
      : verbs_(verbs), args_(args) {}

  Result<Invocation> Read() {
    PORTOLAN_CHECK(FindVerb());
    for (std::size_t i = 0; i < args_.size(); ++i) {
      if (flags_ended_ || !IsFlag(args_[i])) {
        if (verb_words_ > 0 && !flags_ended_)
          --verb_words_;
        else
          call_.positionals.push_back(args_[i]);
      } else if (args_[i] == "--") {
        flags_ended_ = true;
      } else {
        PORTOLAN_CHECK(ReadFlag(i));
      }
    }
    PORTOLAN_CHECK(CheckPositionals());
    return std::move(call_);
  }

 private:
  // The verb is the first one or two words that are neither flags nor values of global flags.
  Status FindVerb() {
    std::vector<std::string> words;
    for (std::size_t i = 0; i < args_.size() && words.size() < 2 && args_[i] != "--"; ++i) {
      if (!IsFlag(args_[i])) {
        words.push_back(args_[i]);
      } else if (args_[i].find('=') == std::string::npos) {
        const FlagSpec* flag = FindFlag(kGlobalFlags, Name(args_[i]));
        if (flag != nullptr && !flag->value.empty()) ++i;
      }
    }
    if (words.empty()) return Bad("no verb given");
    const std::string two = words.size() == 2 ? words[0] + " " + words[1] : "";
    for (const VerbSpec& verb : verbs_) {
      if (verb.name == two) return Found(verb, 2);
      if (verb.name == words[0]) return Found(verb, 1);
    }
    return UnknownVerb(words);
  }

  Status Found(const VerbSpec& verb, int words) {
    call_.verb = &verb;
    verb_words_ = words;
    return {};
  }

  Status UnknownVerb(const std::vector<std::string>& words) const {
    std::vector<std::string_view> names;
    std::string group;
    for (const VerbSpec& verb : verbs_) {
      names.push_back(verb.name);
      if (verb.name.starts_with(words[0] + " "))
        group += (group.empty() ? "\"" : ", \"") + std::string(verb.name) + "\"";
    }
    if (!group.empty()) return Bad("\"" + words[0] + "\" needs a second word: " + group);
    return Bad("unknown verb \"" + words[0] + "\"" + Hint(words[0], names));
  }

  static std::string_view Name(std::string_view arg) {
    arg.remove_prefix(arg.starts_with("--") ? 2 : 1);
    return arg.substr(0, arg.find('='));
  }

  Status ReadFlag(std::size_t& i) {
    const std::string& arg = args_[i];
    const std::string_view name = Name(arg);
    const FlagSpec* flag = FindFlag(call_.verb->flags, name);
    if (flag == nullptr) flag = FindFlag(kGlobalFlags, name);
    if (flag == nullptr) return UnknownFlag(arg, name);
    const std::string shown = "--" + std::string(flag->name);
    const std::size_t equals = arg.find('=');
    std::string value;
    if (equals != std::string::npos) {
      if (flag->value.empty()) return Bad(shown + " takes no value, found \"" + arg + "\"");
      value = arg.substr(equals + 1);
    } else if (!flag->value.empty()) {
      if (i + 1 >= args_.size())
        return Bad(shown + " needs a value: " + shown + " " + std::string(flag->value));
      value = args_[++i];
    }
    if (!call_.flags.emplace(std::string(flag->name), value).second)
      return Bad(shown + " is given twice; give it once");
    return {};
  }

  Status UnknownFlag(const std::string& arg, std::string_view name) const {
    std::vector<std::string> names;
    for (const FlagSpec& flag : call_.verb->flags) names.push_back("--" + std::string(flag.name));
    for (const FlagSpec& flag : kGlobalFlags) names.push_back("--" + std::string(flag.name));
    return Bad("unknown flag \"" + arg.substr(0, arg.find('=')) + "\" of \"" +
               std::string(call_.verb->name) + "\"" +
               Hint("--" + std::string(name), {names.begin(), names.end()}));
  }

  Status CheckPositionals() const {
    if (call_.Has("help")) return {};
    const auto& wanted = call_.verb->positionals;
    if (call_.positionals.size() > wanted.size())
      return Bad("\"" + std::string(call_.verb->name) + "\" does not take \"" +
                 call_.positionals[wanted.size()] + "\"");
    if (call_.positionals.size() < wanted.size() &&
        !wanted[call_.positionals.size()].starts_with("["))
      return Bad("\"" + std::string(call_.verb->name) + "\" needs " +
                 std::string(wanted[call_.positionals.size()]));
    return {};
  }

  std::span<const VerbSpec> verbs_;
  const std::vector<std::string>& args_;
  Invocation call_;
  int verb_words_ = 0;
  bool flags_ended_ = false;
};

}  // namespace

std::string Invocation::Get(std::string_view flag, std::string_view fallback) const {
  const auto found = flags.find(flag);
  return found == flags.end() ? std::string(fallback) : found->second;
}

std::string Invocation::At(std::size_t index, std::string_view fallback) const {
  return index < positionals.size() ? positionals[index] : std::string(fallback);
}

std::span<const FlagSpec> GlobalFlags() {
  return kGlobalFlags;
}

Result<Invocation> ParseArguments(std::span<const VerbSpec> verbs,
                                  const std::vector<std::string>& args) {
  return Reader(verbs, args).Read();
}

}  // namespace portolan::controller
