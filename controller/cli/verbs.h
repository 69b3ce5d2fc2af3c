#pragma once

#include <span>
#include <vector>

#include "controller/cli/arguments.h"

namespace portolan::controller {

// `serve`, which the program runs itself (controller/daemon/serve.h).
VerbSpec ServeVerb();

// The groups of verbs, one a file: verbs_manifests.cc and so on.
std::vector<VerbSpec> ManifestVerbs();  // validate, plan, diff: manifests on this machine
std::vector<VerbSpec> PolicyVerbs();    // policy lint … policy waivers: policies on this machine
std::vector<VerbSpec> PolicyDiffVerbs();   // policy diff
std::vector<VerbSpec> PolicyStatsVerbs();  // policy stats
std::vector<VerbSpec> ReadVerbs();         // status, get, history, events, instances, why
std::vector<VerbSpec> OperateVerbs();      // promote … prune, approve, wait
std::vector<VerbSpec> AuditVerbs();        // audit export, audit verify
std::vector<VerbSpec> DriftVerbs();        // override set … drift
std::vector<VerbSpec> SourceVerbs();       // sync, source list, source accept
std::vector<VerbSpec> ConfigVerbs();       // config check, token new
std::vector<VerbSpec> LocalVerbs();        // doctor, version, help

// Every verb, in the order of the help text.
std::span<const VerbSpec> AllVerbs();

}  // namespace portolan::controller
