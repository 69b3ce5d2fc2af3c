#include "controller/cli/verbs.h"

#include <iterator>

namespace portolan::controller {
VerbSpec ServeVerb() {
  return {.name = "serve",
          .summary = "run the daemon",
          .positionals = {},
          .flags = {{"config", 'c', "FILE", "the daemon's configuration, portolan.yaml"},
                    {"repo", 0, "URL", "watch this repository, without a configuration file"},
                    {"branch", 0, "BRANCH", "of --repo; default main"},
                    {"path", 0, "PATH", "of the manifests in --repo; default the root"},
                    {"state", 0, "DIR", "where --repo keeps its state; default portolan-state"},
                    {"listen", 0, "ADDRESS", "of --repo; default 127.0.0.1:7420"},
                    {"socket", 0, "FILE", "of --repo: listen on a unix socket besides"},
                    {"poll", 0, "DURATION", "how often to look at --repo; default 30s"}},
          .examples = {"serve --config /etc/portolan/portolan.yaml",
                       "serve --repo https://git.example.com/maps.git --branch main --path maps/"}};
}

namespace {

std::vector<VerbSpec> MakeVerbs() {
  std::vector<VerbSpec> verbs{ServeVerb()};
  for (auto make : {ManifestVerbs, PolicyVerbs, PolicyDiffVerbs, PolicyStatsVerbs, ReadVerbs,
                    OperateVerbs, AuditVerbs, DriftVerbs, SourceVerbs, ConfigVerbs, LocalVerbs}) {
    std::vector<VerbSpec> group = make();
    verbs.insert(verbs.end(), std::make_move_iterator(group.begin()),
                 std::make_move_iterator(group.end()));
  }
  return verbs;
}

}  // namespace

std::span<const VerbSpec> AllVerbs() {
  static const std::vector<VerbSpec> kVerbs = MakeVerbs();
  return kVerbs;
}

}  // namespace portolan::controller
