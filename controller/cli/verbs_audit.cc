// Packages by which somebody outside can check what was judged, approved and done.
#include <ostream>

#include "controller/audit/audit_check.h"
#include "controller/cli/verb_session.h"
#include "controller/cli/verbs.h"
#include "controller/config/signers_file.h"
#include "controller/http/target.h"
#include "reconciler/text_format.h"

namespace portolan::controller {
namespace {

using manifests::Value;

ExitCode RunExport(VerbSession& session) {
  if (!session.call().Has("plan") || !session.call().Has("out"))
    return session.FailUsage("audit export needs --plan and --out");
  const auto plan = FindPlan(session, std::string(session.call().Get("plan")));
  if (!plan.ok()) return session.Fail(plan.error());
  const auto answer = session.Get("/v1/plans/" + PercentEncode(*plan) + "/audit");
  if (!answer.ok()) return session.Fail(answer.error());
  PackageFiles files;
  if (const Value* members = answer->Find("files"); members != nullptr && members->is_object())
    for (const auto& [path, bytes] : members->as_object())
      if (bytes.is_string()) files[path] = bytes.as_string();
  SealPackage(files);
  const std::string out(session.call().Get("out"));
  if (const Status written = WritePackage(out, files); !written.ok())
    return session.Fail(written.error());
  session.out() << out << '\n';
  session.Hint("check it with: portolan audit verify " + out);
  return ExitCode::kOk;
}

ExitCode RunVerify(VerbSession& session) {
  const auto files = ReadPackage(std::string(session.call().At(0)));
  if (!files.ok()) return session.Fail(files.error());
  std::optional<Signers> signers;
  if (session.call().Has("signers")) {
    auto loaded = LoadSigners(std::string(session.call().Get("signers")));
    if (!loaded.ok()) return session.Fail(loaded.error());
    signers = *std::move(loaded);
  }
  const auto findings = CheckPackage(*files, signers ? &*signers : nullptr);
  if (!findings.ok()) return session.FailAs(ExitCode::kSignature, findings.error());
  if (session.json()) {
    session.PrintValue(Value::Object{
        {"plan", findings->plan},
        {"map", findings->map},
        {"verified", Value::Array(findings->verified.begin(), findings->verified.end())},
        {"unverified", Value::Array(findings->unverified.begin(), findings->unverified.end())}});
    return ExitCode::kOk;
  }
  for (const std::string& line : findings->verified)
    session.out() << "ok       " << reconciler::Printable(line) << '\n';
  for (const std::string& line : findings->unverified)
    session.out() << "not told " << reconciler::Printable(line) << '\n';
  return ExitCode::kOk;
}

}  // namespace

std::vector<VerbSpec> AuditVerbs() {
  return {
      {"audit export",
       "write a package that proves what was judged, approved and done of a plan",
       {},
       {{"plan", 0, "PLAN", "the plan's digest; of one that waits, its first 8 digits or more"},
        {"out", 0, "FILE", "a .tar archive, or a new folder"}},
       {"audit export --plan 9f01c2d4aa10 --out doses.tar"},
       RunExport},
      {"audit verify",
       "check such a package, without a daemon; exit 10 when something does not fit",
       {"PACKAGE"},
       {{"signers", 0, "FILE", "who may answer for regulated maps"}},
       {"audit verify doses.tar", "audit verify doses.tar --signers signers.yaml"},
       RunVerify},
  };
}

}  // namespace portolan::controller
