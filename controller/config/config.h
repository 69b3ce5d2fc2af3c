#pragma once

#include <string>
#include <vector>

#include "controller/config/metrics_config.h"
#include "controller/config/regulated_config.h"
#include "controller/signature/signers.h"
#include "controller/validate/validator_config.h"
#include "mapcore/base/clock.h"
#include "mapcore/base/result.h"
#include "reconciler/freeze_window.h"

namespace portolan::controller {

struct EnvironmentConfig {
  std::string name = "default";
  std::string tier = "dev";
  std::vector<std::string> regions;
};

struct ListenConfig {
  std::string control = "127.0.0.1:7420";
  std::string socket;     // absolute path of a unix socket; empty for none
  bool insecure = false;  // lets `control` leave this machine without TLS
};

// What to do when a branch moves to a commit that does not descend from the one followed.
enum class OnRewrite { kHold, kAccept };

struct SourceConfig {
  std::string name;
  std::string url;
  std::string branch = "main";
  std::string path;  // of the watched folder in the repository, without a '/' at the end; empty for
                     // the root
  Duration poll = std::chrono::seconds(30);
  OnRewrite on_rewrite = OnRewrite::kHold;
  bool atomic = false;
  VerifyMode verify = VerifyMode::kNone;
  std::string signers;     // absolute path of the file of allowed signers; empty: none
  std::string token_file;  // absolute; empty for none
  std::string token;       // secret: what token_file held
  std::string ca_file;     // absolute; of the authorities trusted for https; empty: the system's
};

// How one daemon runs: portolan.yaml (docs/configuration.md), read once at start. Never taken from
// a watched repository.
struct DaemonConfig {
  EnvironmentConfig environment;
  std::string state = "/var/lib/portolan";  // absolute
  ListenConfig listen;
  std::vector<SourceConfig> sources;
  std::string tokens;            // absolute path of the tokens file; empty for none
  std::string hook_secret_file;  // absolute; empty for none: then webhooks are refused
  std::string hook_secret;       // secret: what hook_secret_file held
  std::vector<MetricProviderConfig> metric_providers;
  Duration audit = std::chrono::minutes(1);          // between audits of what is served
  std::vector<ValidatorConfig> validators;           // of the file that `validators` names
  Duration policy_delay = std::chrono::minutes(10);  // before a looser set of policies judges
  std::vector<std::string> policy_owners;            // groups or identities
  std::optional<SourceConfig> policy_source;         // none: each source has policies of its own
  // How old its policies may be before nothing new goes live.
  Duration max_policy_age = std::chrono::hours(24);
  std::vector<reconciler::FreezeWindow> windows;
  std::optional<RegulatedConfig> regulated;  // none: maps of class regulated go nowhere
};

// Reads the file and the secrets it names. Relative paths are relative to the file's folder.
// Errors: kNotFound and kDenied for the file itself, otherwise kInvalid with everything that is
// wrong, one `file:line:col: field: …` a line.
Result<DaemonConfig> LoadConfig(const std::string& path);

// The configuration of one source and nothing else. A relative `state` is relative to the working
// directory; so is a `url` that names an existing directory. The source is called after the URL's
// last part. Errors: kInvalid.
Result<DaemonConfig> ConfigForRepo(const std::string& url, const std::string& branch,
                                   const std::string& path, const std::string& state);

// The control API is for this machine: an address beyond loopback needs TLS, which the daemon does
// not speak yet, or `insecure`. Errors: kInvalid for what is no HOST:PORT, kDenied beyond loopback.
Status CheckControlAddress(const ListenConfig& listen);

}  // namespace portolan::controller
