#include <ostream>

#include "controller/cli/plan_input.h"
#include "controller/cli/verb_session.h"
#include "controller/cli/verbs.h"
#include "controller/config/config.h"
#include "controller/config/tokens.h"

namespace portolan::controller {
namespace {

using manifests::Value;

ExitCode RunConfigCheck(VerbSession& session) {
  const auto config = LoadConfig(session.call().At(0));
  if (!config.ok()) {
    const bool content = config.error().code == ErrorCode::kInvalid;
    return session.FailAs(content ? ExitCode::kInvalid : ExitCode::kInputOutput, config.error());
  }
  if (const Status address = CheckControlAddress(config->listen); !address.ok())
    return session.FailAs(ExitCode::kInvalid, address.error());
  if (!config->tokens.empty()) {
    const auto tokens = LoadTokens(config->tokens);
    if (!tokens.ok()) return session.FailAs(ExitCode::kInvalid, tokens.error());
  }
  Value::Array sources;
  for (const SourceConfig& source : config->sources) sources.emplace_back(source.name);
  if (session.json())
    session.PrintValue(Value::Object{{"valid", true},
                                     {"environment", config->environment.name},
                                     {"state", config->state},
                                     {"sources", std::move(sources)}});
  session.Progress(session.call().At(0) + ": good; environment " + config->environment.name + ", " +
                   std::to_string(config->sources.size()) + " sources");
  return ExitCode::kOk;
}

// Reads "read,operate".
Result<ScopeSet> ParseScopes(std::string_view text) {
  ScopeSet scopes;
  while (!text.empty()) {
    const std::string_view name = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), name.size() + 1));
    bool known = false;
    for (const Scope scope : kAllScopes) {
      if (ScopeName(scope) != name) continue;
      scopes.Add(scope);
      known = true;
    }
    if (!known)
      return Error{
          ErrorCode::kInvalid,
          "--scopes takes read, report, operate, approve and sensitive, separated by commas; found "
          "\"" +
              std::string(name) + "\""};
  }
  return scopes;
}

Result<TokenRecord> RecordOf(const VerbSession& session) {
  TokenRecord record;
  record.name = session.call().At(0);
  if (record.name.find_first_not_of(
          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != std::string::npos)
    return Error{
        ErrorCode::kInvalid,
        "a token's name has letters, digits, '-', '_' and '.'; found \"" + record.name + "\""};
  if (!session.call().Has("scopes"))
    return Error{ErrorCode::kInvalid,
                 "token new needs --scopes, for example --scopes read,operate"};
  PORTOLAN_TRY(record.scopes, ParseScopes(session.call().Get("scopes")));
  record.groups = SplitList(session.call().Get("groups"));
  record.identities = SplitList(session.call().Get("identities"));
  if (session.call().Has("expires")) {
    PORTOLAN_TRY(const Duration life, ParseDuration(session.call().Get("expires")));
    record.expires = session.now().wall + life;
  }
  return record;
}

// The secret is the only line on stdout, so that it can be put into a file.
ExitCode RunTokenNew(VerbSession& session) {
  auto record = RecordOf(session);
  if (!record.ok()) return session.FailUsage(record.error().message);
  const auto issued = NewToken(*std::move(record));
  if (!issued.ok()) return session.Fail(issued.error());
  const std::string entry = TokenEntry(issued->record);
  if (session.json()) {
    session.PrintValue(Value::Object{
        {"name", issued->record.name}, {"secret", issued->secret}, {"record", entry}});
    return ExitCode::kOk;
  }
  session.out() << issued->secret << '\n';
  *session.env().err << "Add this to the tokens file; the line above is shown only now:\n" << entry;
  return ExitCode::kOk;
}

}  // namespace

std::vector<VerbSpec> ConfigVerbs() {
  return {
      {"config check",
       "check the daemon's configuration and the files it names",
       {"FILE"},
       {},
       {"config check /etc/portolan/portolan.yaml"},
       RunConfigCheck},
      {"token new",
       "make a token: the secret on stdout, its record for the tokens file on stderr",
       {"NAME"},
       {{"scopes", 0, "SCOPES", "of read, report, operate, approve; separated by commas"},
        {"groups", 0, "GROUPS", "of the holder, for rules about approvals; separated by commas"},
        {"identities", 0, "NAMES", "the holder's e-mail addresses, user:NAME of the unix socket"},
        {"expires", 0, "DURATION", "from now, for example 90d (default: never)"}},
       {"token new ci --scopes read,operate --expires 90d",
        "token new ann --scopes read,approve --groups sre --identities ann@example.com",
        "token new dashboard --scopes read -o json"},
       RunTokenNew},
  };
}

}  // namespace portolan::controller
