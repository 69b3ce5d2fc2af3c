#include "controller/git/exchange.h"

#include <git2.h>

#include <cerrno>
#include <filesystem>
#include <vector>

#include "controller/git/remote_url.h"

// What the worker does with the network, by libgit2 1.5 (Debian 12). Its order: connect, list the
// refs, and fetch only when the mirror lacks the tip, so that a poll of a branch that did not move
// costs one exchange. The ref is pointed at the tip that was listed, not at what the fetch left in
// it: the branch may have moved between the two, and the reply, the ref and what the daemon reads
// then speak of one commit. All failures become a reason and a sentence here, for libgit2 tells
// them apart in English texts only (ByText).

namespace portolan::controller {
namespace {

constexpr std::size_t kBranchesNamed = 5;  // in a message about a branch that is not there

// What the callbacks of one exchange know and find out.
struct Exchange {
  const FetchJob& job;
  int credentials_asked = 0;
  bool refused = false;  // no credential here satisfies the remote
  bool too_large = false;
  bool bad_certificate = false;
};

// A token goes to the source's own URL, by https or to loopback; redirects are off in every call.
int GiveCredential(git_credential** out, const char*, const char* user, unsigned int allowed,
                   void* payload) {
  auto& exchange = *static_cast<Exchange*>(payload);
  // libgit2 asks again after a refusal, up to 15 times over http.
  exchange.refused = exchange.credentials_asked++ > 0 || exchange.job.token.empty() ||
                     (allowed & GIT_CREDENTIAL_USERPASS_PLAINTEXT) == 0 ||
                     !TakesToken(exchange.job.url);
  if (exchange.refused) return GIT_EAUTH;
  return git_credential_userpass_plaintext_new(out, user != nullptr ? user : "git",
                                               exchange.job.token.c_str());
}

// Also called for certificates that are in order (`valid`); libgit2's own text about others
// differs by its TLS library.
int CheckCertificate(git_cert*, int valid, const char*, void* payload) {
  if (valid != 0) return 0;
  static_cast<Exchange*>(payload)->bad_certificate = true;
  return GIT_ECERTIFICATE;
}

// The only look at the amount while it comes: a pack does not say its bytes beforehand. A local
// path is read by libgit2 itself, without this call.
int CheckSize(const git_indexer_progress* progress, void* payload) {
  auto& exchange = *static_cast<Exchange*>(payload);
  exchange.too_large = progress->received_bytes > exchange.job.receive_max;
  return exchange.too_large ? GIT_EUSER : 0;
}

git_remote_callbacks Callbacks(Exchange& exchange) {
  git_remote_callbacks callbacks = GIT_REMOTE_CALLBACKS_INIT;
  callbacks.credentials = GiveCredential;
  callbacks.certificate_check = CheckCertificate;
  callbacks.transfer_progress = CheckSize;
  callbacks.payload = &exchange;
  return callbacks;
}

Error ByText(const GitFailure& failure, const std::string& where) {
  const auto says = [&](const char* text) { return failure.text.find(text) != std::string::npos; };
  const std::string text = where + ": " + failure.text;
  // strerror(3) of ENOSPC, EDQUOT and EFBIG, which libgit2 appends; the worker's locale is C.
  if (says("No space left") || says("Disk quota")) {
    return {ErrorCode::kExhausted, "StorageFull: " + text};
  }
  if (says("File too large")) {
    return {ErrorCode::kExhausted, "TooLarge: " + text + "; a pack may have 2 GiB"};
  }
  if (failure.category == GIT_ERROR_NOMEMORY) {
    return {ErrorCode::kExhausted, "WorkerKilled: " + text + "; the git worker may use 1 GiB"};
  }
  if (says("status code: 401"))
    return {ErrorCode::kUnauthenticated, "AuthenticationFailed: " + text};
  if (says("status code: 403") || says("cannot redirect")) {
    return {ErrorCode::kDenied, "Denied: " + text};
  }
  return {ErrorCode::kUnavailable, "Unreachable: " + text};
}

Error RemoteError(int rc, const Exchange& exchange) {
  const GitFailure failure = LastGitFailure(rc);
  const std::string url = PrintableUrl(exchange.job.url);
  if (exchange.too_large) {
    return {ErrorCode::kExhausted, "TooLarge: " + url + " sent more than " +
                                       std::to_string(exchange.job.receive_max) +
                                       " bytes in one fetch, which is the limit"};
  }
  if (exchange.bad_certificate) {
    return {ErrorCode::kDenied, "Denied: the certificate of " + url + " is not trusted"};
  }
  if (failure.foreign_owner()) {
    return {ErrorCode::kDenied, "Denied: the repository " + url +
                                    " belongs to another user; run the controller as its owner, "
                                    "or serve the repository by https"};
  }
  if (rc == GIT_EAUTH || exchange.refused) {
    const bool has_token = !exchange.job.token.empty();
    return {ErrorCode::kUnauthenticated,
            "AuthenticationFailed: " + url +
                (has_token ? " refused the source's token" : " asks for a token, and none is set")};
  }
  return ByText(failure, url);
}

Error MissingBranch(const Exchange& exchange, const std::vector<std::string>& branches) {
  const std::string url = PrintableUrl(exchange.job.url);
  if (branches.empty()) {
    return {ErrorCode::kNotFound, "EmptyRepository: " + url + " has no branch; push to \"" +
                                      exchange.job.branch + "\" first"};
  }
  std::string names;
  for (std::size_t i = 0; i < branches.size() && i < kBranchesNamed; ++i) {
    names += (i == 0 ? "" : ", ") + Printable(branches[i]);
  }
  if (branches.size() > kBranchesNamed) names += ", …";
  return {ErrorCode::kNotFound, "BranchNotFound: branch \"" + Printable(exchange.job.branch) +
                                    "\" is not at " + url + ", which has " + names};
}

// The branch's tip among the refs that a connected remote advertised.
// HEAD is not looked at: a source names its branch.
Result<git_oid> FindTip(git_remote* remote, const Exchange& exchange, FetchReply& reply) {
  constexpr std::string_view kHeads = "refs/heads/";
  const git_remote_head** heads = nullptr;
  std::size_t count = 0;
  if (const int rc = git_remote_ls(&heads, &count, remote); rc < 0)
    return RemoteError(rc, exchange);
  reply.advertised = static_cast<std::int64_t>(count);
  std::vector<std::string> branches;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view name = heads[i]->name;
    if (!name.starts_with(kHeads)) continue;
    if (name.substr(kHeads.size()) == exchange.job.branch) return heads[i]->oid;
    branches.emplace_back(name.substr(kHeads.size()));
  }
  return MissingBranch(exchange, branches);
}

Result<GitPtr<git_remote>> MakeRemote(git_repository* repository, const std::string& url) {
  git_remote_create_options options = GIT_REMOTE_CREATE_OPTIONS_INIT;
  options.repository = repository;
  // No url.*.insteadOf: the URL that was checked is the one that is asked. No default refspec: it
  // would fetch every branch.
  options.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF | GIT_REMOTE_CREATE_SKIP_DEFAULT_FETCHSPEC;
  git_remote* raw = nullptr;
  if (const int rc = git_remote_create_with_opts(&raw, url.c_str(), &options); rc < 0) {
    return Error{ErrorCode::kInvalid,
                 "Unreachable: " + PrintableUrl(url) + ": " + LastGitFailure(rc).text};
  }
  return GitPtr<git_remote>(raw);
}

int FetchRefspec(git_remote* remote, std::string refspec, const git_remote_callbacks& callbacks) {
  git_fetch_options options = GIT_FETCH_OPTIONS_INIT;
  options.callbacks = callbacks;
  // The pins under refs/portolan/keep are no refs of the remote.
  options.prune = GIT_FETCH_NO_PRUNE;
  // FETCH_HEAD would grow in a bare repository that nobody merges in; tags would bring histories
  // that no branch has.
  options.update_fetchhead = 0;
  options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
  options.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
  char* item = refspec.data();
  const git_strarray refspecs{&item, 1};
  return git_remote_fetch(remote, &refspecs, &options, "portolan");
}

Error Corrupt(const std::string& text) {
  return {ErrorCode::kCorrupt, "CorruptMirror: " + text};
}

// The tip's object was found before, so what else keeps a ref from it is damage.
Status PointRef(git_repository* repository, const std::string& ref, const git_oid& tip) {
  git_reference* raw = nullptr;
  const int rc = git_reference_create(&raw, repository, ref.c_str(), &tip, 1, "portolan");
  const GitPtr<git_reference> reference(raw);
  if (rc >= 0) return {};
  const GitFailure failure = LastGitFailure(rc);
  const std::string where = "the mirror's ref " + ref;
  if (failure.environmental() || failure.category == GIT_ERROR_FILESYSTEM) {
    return ByText(failure, where);
  }
  return Corrupt(where + ": " + failure.text);
}

// Whether a commit that the mirror's refs reach cannot be read: a fetch then fails for ever, as
// does everything that looks at history.
bool IsDamaged(git_repository* repository) {
  git_revwalk* raw = nullptr;
  if (git_revwalk_new(&raw, repository) < 0) return true;
  const GitPtr<git_revwalk> walk(raw);
  if (git_revwalk_push_glob(raw, "refs/portolan/*") < 0) return true;
  git_oid id;
  int rc = 0;
  // Commits only, and only after a failure: O(history).
  while ((rc = git_revwalk_next(&id, raw)) == 0) {
  }
  return rc != GIT_ITEROVER && !LastGitFailure(rc).environmental();
}

bool HasObject(git_repository* repository, const git_oid& id) {
  git_odb* raw = nullptr;
  if (git_repository_odb(&raw, repository) < 0) return false;
  const GitPtr<git_odb> odb(raw);
  return git_odb_exists(odb.get(), &id) == 1;
}

// A bare repository at D.new with nothing in it.
// Made beside and renamed, so that a mirror is either whole or absent.
Status InitFresh(const std::string& fresh) {
  std::error_code error;
  std::filesystem::remove_all(fresh, error);
  git_repository_init_options options = GIT_REPOSITORY_INIT_OPTIONS_INIT;
  options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH;
  git_repository* raw = nullptr;
  const int rc = git_repository_init_ext(&raw, fresh.c_str(), &options);
  const GitPtr<git_repository> repository(raw);
  if (rc < 0) return ByText(LastGitFailure(rc), "cannot make the mirror " + fresh);
  return {};
}

// The setting is the process's: a worker serves one source.
Status TrustAuthorities(const std::string& ca_file) {
  if (ca_file.empty()) return {};
  if (git_libgit2_opts(GIT_OPT_SET_SSL_CERT_LOCATIONS, ca_file.c_str(), nullptr) >= 0) return {};
  return Error{ErrorCode::kDenied, "Denied: " + ca_file + " holds no certificates (caFile)"};
}

Status CheckJob(const FetchJob& job) {
  PORTOLAN_CHECK(CheckRemoteUrl(job.url));
  PORTOLAN_CHECK(TrustAuthorities(job.ca_file));
  int valid = 0;
  git_reference_name_is_valid(&valid, ("refs/heads/" + job.branch).c_str());
  if (valid == 0) {
    return Error{ErrorCode::kInvalid, "BranchNotFound: \"" + Printable(job.branch) +
                                          "\" cannot be the name of a branch"};
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<MirrorWriter>> MirrorWriter::Open(const std::string& mirror) {
  InitLibgit();
  PORTOLAN_TRY(MirrorLock lock, MirrorLock::Acquire(mirror));
  SweepMirror(mirror);
  std::error_code error;
  // Where it cannot be told (no right to look), the rename onto what is there fails below.
  if (!std::filesystem::exists(mirror, error)) {
    PORTOLAN_CHECK(InitFresh(mirror + ".new"));
    std::filesystem::rename(mirror + ".new", mirror, error);
    if (error) return MirrorFileError("cannot make the mirror " + mirror, error.value());
  }
  std::unique_ptr<MirrorWriter> writer(new MirrorWriter(mirror, std::move(lock)));
  PORTOLAN_CHECK(writer->OpenRepository());
  return writer;
}

Status MirrorWriter::OpenRepository() {
  const int rc = OpenBareRepository(repository_, mirror_);
  if (rc >= 0) return {};
  const GitFailure failure = LastGitFailure(rc);
  if (failure.foreign_owner()) {
    return Error{ErrorCode::kDenied, "Denied: the mirror " + mirror_ +
                                         " belongs to another user; chown it to the "
                                         "controller's user, or remove it"};
  }
  if (failure.environmental()) return ByText(failure, "cannot open the mirror " + mirror_);
  return Corrupt("cannot open the mirror " + mirror_ + ": " + failure.text);
}

Result<FetchReply> MirrorWriter::Fetch(const FetchJob& job) {
  PORTOLAN_CHECK(CheckJob(job));
  Exchange exchange{job};
  PORTOLAN_TRY(const GitPtr<git_remote> remote, MakeRemote(repository_.get(), job.url));
  git_remote_connect_options options = GIT_REMOTE_CONNECT_OPTIONS_INIT;
  options.callbacks = Callbacks(exchange);
  options.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
  int rc = git_remote_connect_ext(remote.get(), GIT_DIRECTION_FETCH, &options);
  if (rc < 0) return RemoteError(rc, exchange);

  FetchReply reply;
  PORTOLAN_TRY(const git_oid tip, FindTip(remote.get(), exchange, reply));
  // Having the tip means having its ancestors: fetches store a pack whole or not at all.
  if (!HasObject(repository_.get(), tip)) {
    // The '+' matters: without it a rewritten branch is not followed, and the call succeeds.
    const std::string refspec = "+refs/heads/" + job.branch + ":" + job.ref;
    rc = FetchRefspec(remote.get(), refspec, options.callbacks);
    if (rc < 0) {
      const Error failed = RemoteError(rc, exchange);
      // A fetch negotiates with the commits of the mirror: a damaged one fails it with an error
      // that looks like the remote's, for ever.
      if (!IsDamaged(repository_.get())) return failed;
      return Corrupt("the history in " + mirror_ + " cannot be read");
    }
    // A fetch into a mirror with damaged objects may succeed and bring nothing (mirror.h).
    if (!HasObject(repository_.get(), tip)) {
      return Corrupt("the mirror " + mirror_ + " cannot read what it just fetched");
    }
    reply.fetched = true;
  }
  PORTOLAN_CHECK(PointRef(repository_.get(), job.ref, tip));
  reply.tip = git_oid_tostr_s(&tip);
  reply.packs = CountPacks(mirror_);
  return reply;
}

Result<FetchReply> MirrorWriter::Rebuild() {
  const std::string fresh = mirror_ + ".new";
  PORTOLAN_CHECK(InitFresh(fresh));
  GitPtr<git_repository> target;
  int rc = OpenBareRepository(target, fresh);
  if (rc < 0) return ByText(LastGitFailure(rc), "cannot open " + fresh);
  PORTOLAN_TRY(GitPtr<git_remote> remote, MakeRemote(target.get(), mirror_));
  const git_remote_callbacks callbacks = GIT_REMOTE_CALLBACKS_INIT;
  rc = FetchRefspec(remote.get(), "+refs/portolan/*:refs/portolan/*", callbacks);
  if (rc < 0) return ByText(LastGitFailure(rc), "cannot rebuild the mirror " + mirror_);
  // Everything that has files of either directory open goes before the two change places.
  remote.reset();
  target.reset();
  repository_.reset();
  const Status exchanged = ExchangeMirror(mirror_);
  PORTOLAN_CHECK(OpenRepository());
  PORTOLAN_CHECK(exchanged);
  FetchReply reply;
  reply.packs = CountPacks(mirror_);
  return reply;
}

}  // namespace portolan::controller
