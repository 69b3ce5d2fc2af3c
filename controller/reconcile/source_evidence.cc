// What a source keeps and hands out so that a plan can be judged once more elsewhere.

#include "controller/reconcile/source_reconciler.h"
#include "reconciler/plan_digest.h"

namespace portolan::controller {

void SourceReconciler::AddJudged(const reconciler::MapPlan& plan, manifests::Value judged_in,
                                 manifests::Value& record) const {
  record.Set("judgedIn", std::move(judged_in));
  record.Set("source", settings_.name);
  record.Set("identity",
             reconciler::PlanPreimage(
                 {plan.map, plan.base, plan.target, settings_.environment.name}, plan.strategy));
  record.Set("policiesCommit", status().policies);
}

Result<SourceReconciler::FileBytes> SourceReconciler::FilesAt(const std::string& commit) {
  PORTOLAN_TRY(const manifests::Artifact artifact, ports_.git.Open(commit));
  FileBytes files;
  for (const manifests::ArtifactFile& file : artifact.files) {
    PORTOLAN_TRY(files[file.path], artifact.read(file));
  }
  return files;
}

}  // namespace portolan::controller
