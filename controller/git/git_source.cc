#include "controller/git/git_source.h"

#include <utility>

#include "controller/git/commit_history.h"
#include "controller/git/job.h"
#include "controller/git/mirror.h"
#include "controller/git/worker_client.h"
#include "controller/signature/commit_verifier.h"

namespace portolan::controller {
namespace {

using reconciler::BranchMove;
using reconciler::FetchResult;

constexpr std::size_t kRangeMax = 1'000;  // commits verified at once, about 10 ms each

std::string TrimSlashes(std::string path) {
  if (path == ".") return "";
  path.erase(0, std::min(path.find_first_not_of('/'), path.size()));
  while (path.ends_with('/')) path.pop_back();
  return path;
}

WorkerOptions WorkerOptionsOf(const GitSourceOptions& options) {
  WorkerOptions worker;
  worker.executable = options.worker_executable;
  worker.home = options.mirror_dir + ".home";
  worker.deadline = options.deadline;
  return worker;
}

class MirroredSource final : public reconciler::GitSource {
 public:
  explicit MirroredSource(GitSourceOptions options)
      : options_(std::move(options)),
        path_(TrimSlashes(options_.path)),
        worker_(WorkerOptionsOf(options_)),
        mirror_(std::make_shared<Mirror>(options_.mirror_dir)),
        listing_(options_.limits.tree),
        packs_max_(options_.limits.packs),
        verifier_(options_.signers) {}

  Result<FetchResult> Fetch(const std::string& followed) override {
    // A file that an artifact could not read.
    // An artifact's reader marks the mirror only: it may run in the middle of a load that must end
    // first.
    if (mirror_->corrupt()) PORTOLAN_CHECK(SetAside());
    const auto reply = worker_.Ask(Job(FetchJob::Kind::kFetch));
    if (!reply.ok()) {
      if (reply.error().code == ErrorCode::kNotFound && !followed.empty()) {
        return FetchResult{BranchMove::kGone, "", ""};
      }
      return Failed(reply.error());
    }
    // Before the rebuild, which may drop what a rewritten branch has left behind.
    auto found = Look(followed, reply->tip);
    if (!found.ok()) return Failed(found.error());
    if (reply->packs >= packs_max_) Rebuild();
    return found;
  }

  Result<manifests::Artifact> Open(const std::string& commit) override {
    auto artifact = Read(commit);
    if (!artifact.ok()) return Failed(artifact.error());
    return artifact;
  }

  Result<std::vector<std::string>> Signers(const std::string& followed,
                                           const std::string& commit) override {
    if (!options_.signers) return std::vector<std::string>{};
    auto signers = Verified(followed, commit);
    if (signers.ok()) return signers;
    const bool refused = signers.error().code == ErrorCode::kDenied;
    if (refused && options_.verify == VerifyMode::kNone) return std::vector<std::string>{};
    return Failed(signers.error());
  }

  Result<std::vector<std::string>> Commits(const std::string& from,
                                           const std::string& to) override {
    auto commits = mirror_->FirstParents(from, to);
    if (!commits.ok()) return Failed(commits.error());
    return commits;
  }

  Status Pin(const std::string& commit) override {
    const auto pinned = mirror_->Pin(commit, options_.limits.pins);
    if (!pinned.ok()) return Failed(pinned.error());
    return {};
  }

  void Cancel() override { worker_.Cancel(); }

 private:
  FetchJob Job(FetchJob::Kind kind) const {
    FetchJob job;
    job.kind = kind;
    job.mirror = options_.mirror_dir;
    job.url = options_.url;
    job.branch = options_.branch;
    job.ref = "refs/portolan/src/" + options_.name;
    job.token = options_.token;
    job.ca_file = options_.ca_file;
    job.receive_max = options_.limits.receive_bytes;
    return job;
  }

  Result<FetchResult> Look(const std::string& followed, const std::string& tip) {
    FetchResult result;
    result.commit = tip;
    PORTOLAN_TRY(result.tree, mirror_->TreeAt(tip, path_));
    PORTOLAN_TRY(result.move, mirror_->Classify(followed, tip));
    return result;
  }

  Result<manifests::Artifact> Read(const std::string& commit) {
    PORTOLAN_TRY(const std::string tree, mirror_->TreeAt(commit, path_));
    if (tree.empty()) {
      return Error{ErrorCode::kNotFound, "InvalidPath: \"" + Printable(path_) +
                                             "\" is no directory at " + commit + " of " +
                                             options_.branch};
    }
    manifests::Artifact artifact;
    PORTOLAN_TRY(artifact.revision, mirror_->Describe(commit, options_.branch));
    PORTOLAN_TRY(git_repository* const repository, mirror_->repository());
    PORTOLAN_TRY(auto listed, listing_.List(repository, tree));
    artifact.files = std::move(listed.files);
    artifact.refusals = std::move(listed.refusals);
    artifact.read = [mirror = mirror_](const manifests::ArtifactFile& file) {
      return mirror->Read(file);
    };
    return artifact;
  }

  Result<std::vector<std::string>> Verified(const std::string& followed,
                                            const std::string& commit) {
    PORTOLAN_TRY(git_repository* const repository, mirror_->repository());
    PORTOLAN_TRY(const SignedCommit head, ReadSignedCommit(repository, commit));
    PORTOLAN_TRY(auto signers, verifier_.Verify(head));
    if (options_.verify != VerifyMode::kRange || followed.empty()) return signers;
    PORTOLAN_TRY(const auto since, CommitsSince(repository, followed, commit, kRangeMax));
    for (const std::string& each : since) {
      PORTOLAN_TRY(const SignedCommit one, ReadSignedCommit(repository, each));
      PORTOLAN_CHECK(verifier_.Verify(one));
    }
    return signers;
  }

  // A failed rebuild costs only time, so the next one waits until there are twice as many packs.
  // libgit2 adds a pack with each fetch and looks for an object in all of them.
  void Rebuild() {
    const auto rebuilt = worker_.Ask(Job(FetchJob::Kind::kRebuild));
    mirror_->Close();
    packs_max_ = rebuilt.ok() ? options_.limits.packs : packs_max_ * 2;
  }

  Status SetAside() {
    worker_.Stop();
    return mirror_->SetAside();
  }

  // Passes an error on; a corrupt mirror is moved away first.
  Error Failed(Error error) {
    if (error.code != ErrorCode::kCorrupt) return error;
    const auto moved = SetAside();
    if (!moved.ok()) mirror_->MarkCorrupt();
    return error;
  }

  GitSourceOptions options_;
  std::string path_;
  WorkerClient worker_;
  std::shared_ptr<Mirror> mirror_;
  TreeListing listing_;
  std::int64_t packs_max_;
  CommitVerifier verifier_;
};

}  // namespace

std::unique_ptr<reconciler::GitSource> OpenGitSource(GitSourceOptions options) {
  return std::make_unique<MirroredSource>(std::move(options));
}

}  // namespace portolan::controller
