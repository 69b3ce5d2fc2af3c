#pragma once

#include <string>
#include <vector>

#include "controller/cli/verb_session.h"
#include "manifests/desired_state.h"
#include "reconciler/plan.h"

namespace portolan::controller {

// Where the manifests of a plan are on this machine.
struct TreeLocation {
  std::string repository;  // directory of a git repository, or of plain files
  std::string revision;    // empty: the working tree as it is
  std::string path;        // below the repository, as a source's `path`
};

// "eu-1,eu-2" as a list; an empty text is an empty one.
std::vector<std::string> SplitList(std::string_view text);

// Loads what a source would want from these files. Errors: kNotFound, kUnavailable, kDenied or
// kCorrupt of reading; bad content is in the diagnostics.
Result<manifests::DesiredState> LoadTree(const TreeLocation& location);

// The versions of a desired state as the base of a plan: what a daemon that follows it would serve,
// and what it would mask of it.
reconciler::StableVersions VersionsOf(const manifests::DesiredState& state);
reconciler::ServedMarks MarksOf(const manifests::DesiredState& state);

// Who signed the commit that a revision names, by a file of allowed signers (LoadSigners): verified
// identities, nobody for a commit without a good signature, and then why. Errors: those of reading.
struct LocalSigners {
  std::vector<std::string> identities;
  std::string complaint;
};
Result<LocalSigners> ReadLocalSigners(const TreeLocation& location, const std::string& signers);

// What a plan against the daemon starts from.
struct DaemonBase {
  std::string source;  // its name
  std::string path;    // of its manifests in the repository
  std::string environment;
  reconciler::StableVersions stable;
};

// Reads the stable versions of one source's maps; with an empty name, of the only source there is.
// Every version is checked against its digest. Errors: kInvalid when several sources would do,
// kNotFound for an unknown one, kDenied when values are masked for this token, and the daemon's
// own.
Result<DaemonBase> FetchDaemonBase(VerbSession& session, const std::string& source);

}  // namespace portolan::controller
