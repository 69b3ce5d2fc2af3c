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
  if (bound()) record.Set("policiesSource", ports_.binding->source());
  record.Set("policiesCommit", bound() ? status().bound_policies : status().policies);
}

CommitFiles SourceReconciler::FilesOf(const FileRead& asked) {
  CommitFiles files;
  std::size_t bytes = 0;
  // A commit is taken whole or not at all.
  const auto read = [&](const std::string& commit) -> Status {
    PORTOLAN_TRY(const manifests::Artifact artifact, ports_.git.Open(commit));
    CommitFiles::Tree tree;
    for (const manifests::ArtifactFile& file : artifact.files) {
      tree[file.path] = file.oid;
      if (files.contents.contains(file.oid)) continue;
      PORTOLAN_TRY(std::string content, artifact.read(file));
      bytes += content.size();
      files.contents.emplace(file.oid, std::move(content));
    }
    files.trees[commit] = std::move(tree);
    return {};
  };
  for (const std::string& commit : asked.commits) {
    if (bytes > asked.bytes_max) break;
    if (const Status done = read(commit); !done.ok())
      files.unreadable.emplace(commit, done.error());
  }
  return files;
}

}  // namespace portolan::controller
