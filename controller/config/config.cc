#include "controller/config/config.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>

#include "controller/config/secret_file.h"
#include "controller/config/signers_file.h"
#include "controller/config/validators_file.h"
#include "controller/config/windows_config.h"
#include "controller/config/yaml_file.h"
#include "controller/git/remote_url.h"
#include "controller/http/listener.h"
#include "manifests/fields.h"
#include "manifests/source_path.h"

// Errors are collected as in manifests: all of them, each at file:line:col, since a daemon that
// does not start is asked twice at most. Secrets are read here, once, so that a missing one is an
// error of the start and not of the first fetch; they are never part of a message.

namespace portolan::controller {
namespace {

using manifests::Field;
using manifests::MappingDecoder;
using manifests::Report;

namespace fs = std::filesystem;

constexpr manifests::Range<std::size_t> kNameBytes{1, 63};
constexpr manifests::Range<std::size_t> kTextBytes{1, 4096};
constexpr manifests::Range<std::size_t> kOwnerBytes{1, 320};
constexpr Duration kPolicyDelayMax = std::chrono::days(7);
constexpr Duration kPolicyAgeMin = std::chrono::seconds(1);
constexpr Duration kPolicyAgeMax = std::chrono::days(90);
constexpr std::size_t kSourcesMax = 256;
// A hook is the way to be faster; below it a poll of a local repository costs more than it finds.
constexpr Duration kPollMin{100};
constexpr Duration kPollMax = std::chrono::hours(24);

// A DNS-1123 label: source names become names of folders, refs and labels.
bool IsName(std::string_view name) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (name.empty() || name.size() > kNameBytes.max || !plain(name.front()) || !plain(name.back()))
    return false;
  return std::all_of(name.begin(), name.end(), [&](char c) { return plain(c) || c == '-'; });
}

// By text, not by name resolution: what a name means may change after the check.
bool IsLoopback(const std::string& host) {
  return host == "localhost" || host == "::1" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos);
}

// A git branch as `git check-ref-format --branch` takes it, without its rarer freedoms.
bool IsBranch(std::string_view branch) {
  if (branch.empty() || branch.front() == '-' || branch.front() == '/' || branch.back() == '/')
    return false;
  if (branch.back() == '.' || branch.ends_with(".lock") || branch.starts_with("refs/"))
    return false;
  if (branch.find("..") != branch.npos || branch.find("//") != branch.npos ||
      branch.find("@{") != branch.npos)
    return false;
  return std::none_of(branch.begin(), branch.end(), [](unsigned char c) {
    return c <= ' ' || c == 0x7F ||
           std::string_view("~^:?*[\\").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

// Reads one portolan.yaml.
class ConfigReader {
 public:
  explicit ConfigReader(const std::string& path)
      // Not the working directory: a service manager's is "/".
      : folder_(fs::absolute(path).parent_path()), report_(path) {}

  Result<DaemonConfig> Read(const manifests::Node& root);

 private:
  std::optional<std::string> ReadPath(const Field& field);
  std::optional<std::string> ReadName(const Field& field);
  void ReadEnvironment(const Field& field, EnvironmentConfig& environment);
  void ReadListen(const Field& field, ListenConfig& listen);
  void ReadSources(const Field& field, std::vector<SourceConfig>& sources);
  SourceConfig ReadSource(const Field& field, bool of_policies = false);
  void ReadPolicies(MappingDecoder& decoder, DaemonConfig& config);
  void ReadRemote(MappingDecoder& decoder, SourceConfig& source);
  void ReadVerify(MappingDecoder& decoder, SourceConfig& source);
  void ReadSecret(const Field& field, std::string& file, std::string& secret);

  const fs::path folder_;
  Report report_;
};

Result<DaemonConfig> ConfigReader::Read(const manifests::Node& root) {
  DaemonConfig config;
  MappingDecoder decoder({&root, {}}, report_);
  ReadEnvironment(decoder.Take("environment"), config.environment);
  manifests::SetIf(config.state, ReadPath(decoder.Take("state")));
  ReadListen(decoder.Take("listen"), config.listen);
  ReadSources(decoder.Require("sources"), config.sources);
  manifests::SetIf(config.tokens, ReadPath(decoder.Take("tokens")));
  if (const Field hooks = decoder.Take("hooks")) {
    MappingDecoder members(hooks, report_);
    ReadSecret(members.Take("secretFile"), config.hook_secret_file, config.hook_secret);
    members.Finish();
  }
  config.metric_providers = ReadMetricProviders(decoder.Take("metrics"), folder_.string(), report_);
  const Field audit = decoder.Take("audit");
  manifests::SetIf(config.audit, manifests::ReadDuration(audit, report_));
  if (config.audit < kPollMin || config.audit > kPollMax)
    report_.Error(audit,
                  "expected a duration from 100ms to 24h, found " + manifests::Found(*audit.node));
  if (const Field validators = decoder.Take("validators")) {
    auto loaded = LoadValidators(ReadPath(validators).value_or(""));
    if (loaded.ok())
      config.validators = *std::move(loaded);
    else
      report_.Error(validators, loaded.error().message);
  }
  ReadPolicies(decoder, config);
  config.windows = ReadWindows(decoder.Take("windows"), report_);
  config.regulated = ReadRegulated(decoder.Take("regulated"), folder_.string(), report_);
  decoder.Refuse(std::array<std::string_view, 1>{"providers"},
                 "providers of metrics stand in metrics.providers");
  decoder.Finish();
  if (!report_.clean()) return InvalidFile(report_.Take());
  return config;
}

// Who decides about policies, and when.
void ConfigReader::ReadPolicies(MappingDecoder& decoder, DaemonConfig& config) {
  const Field delay = decoder.Take("policyDelay");
  manifests::SetIf(config.policy_delay, manifests::ReadDuration(delay, report_));
  if (config.policy_delay > kPolicyDelayMax)
    report_.Error(delay,
                  "expected a duration of at most 7d, found " + manifests::Found(*delay.node));
  manifests::SetIf(config.policy_owners,
                   manifests::ReadStrings(decoder.Take("policyOwners"), kOwnerBytes, report_));
  const Field source = decoder.Take("policySource");
  const Field age = decoder.Take("maxPolicyAge");
  manifests::SetIf(config.max_policy_age, manifests::ReadDuration(age, report_));
  if (age && !source)
    report_.Error(age, "is the age of the policies of a policySource, which is missing");
  if (config.max_policy_age < kPolicyAgeMin || config.max_policy_age > kPolicyAgeMax)
    report_.Error(age, "expected a duration from 1s to 90d, found " + manifests::Found(*age.node));
  if (!source) return;
  config.policy_source = ReadSource(source, true);
  for (const SourceConfig& other : config.sources)
    if (other.name == config.policy_source->name)
      report_.Error(source, "a source is named \"" + other.name + "\" already",
                    "give it another name");
}

std::optional<std::string> ConfigReader::ReadPath(const Field& field) {
  const auto text = manifests::ReadString(field, kTextBytes, report_);
  if (!text) return std::nullopt;
  std::string path = (folder_ / *text).lexically_normal().string();
  if (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

std::optional<std::string> ConfigReader::ReadName(const Field& field) {
  auto name = manifests::ReadString(field, kNameBytes, report_);
  if (name && !IsName(*name)) {
    report_.Error(field, "expected lower-case letters, digits and inner '-', found " +
                             manifests::Found(*field.node));
    return std::nullopt;
  }
  return name;
}

void ConfigReader::ReadEnvironment(const Field& field, EnvironmentConfig& environment) {
  if (!field) return;
  MappingDecoder decoder(field, report_);
  manifests::SetIf(environment.name, ReadName(decoder.Take("name")));
  manifests::SetIf(environment.tier, ReadName(decoder.Take("tier")));
  manifests::SetIf(environment.regions,
                   manifests::ReadStrings(decoder.Take("regions"), kNameBytes, report_));
  decoder.Finish();
}

void ConfigReader::ReadListen(const Field& field, ListenConfig& listen) {
  if (!field) return;
  MappingDecoder decoder(field, report_);
  const Field control = decoder.Take("control");
  manifests::SetIf(listen.control, manifests::ReadString(control, kTextBytes, report_));
  manifests::SetIf(listen.socket, ReadPath(decoder.Take("socket")));
  manifests::SetIf(listen.insecure, manifests::ReadBool(decoder.Take("insecure"), report_));
  decoder.RefuseForNow({"data"});
  decoder.Finish();
  if (!control) return;
  if (Status status = CheckControlAddress(listen); !status.ok())
    report_.Error(control, status.error().message);
}

void ConfigReader::ReadSources(const Field& field, std::vector<SourceConfig>& sources) {
  if (!field) return;
  const bool list = field.node->kind == manifests::Node::Kind::kSequence;
  const std::size_t count = field.node->items.size();
  if (!list || count == 0 || count > kSourcesMax) {
    report_.Error(field, "expected a list of 1 to " + std::to_string(kSourcesMax) +
                             " sources, found " +
                             (list ? std::to_string(count) : manifests::Found(*field.node)));
    return;
  }
  std::set<std::string> names;
  for (std::size_t i = 0; i < count; ++i) {
    const Field item = field.Item(i);
    SourceConfig source = ReadSource(item);
    if (!source.name.empty() && !names.insert(source.name).second)
      report_.Error(item, "a second source named \"" + source.name + "\"", "give it another name");
    sources.push_back(std::move(source));
  }
}

// Of a policySource: a branch that was rewritten always waits, and a commit counts as a whole.
SourceConfig ConfigReader::ReadSource(const Field& field, bool of_policies) {
  static constexpr std::string_view kOnRewrite[] = {"hold", "accept"};
  SourceConfig source;
  MappingDecoder decoder(field, report_);
  manifests::SetIf(source.name, ReadName(decoder.Require("name")));
  ReadRemote(decoder, source);
  const Field poll = decoder.Take("poll");
  manifests::SetIf(source.poll, manifests::ReadDuration(poll, report_));
  if (source.poll < kPollMin || source.poll > kPollMax)
    // A wrong poll stands in the file: the default is within the bounds.
    report_.Error(poll,
                  "expected a duration from 100ms to 24h, found " + manifests::Found(*poll.node));
  ReadVerify(decoder, source);
  if (!of_policies) {
    if (const auto choice = manifests::ReadChoice(decoder.Take("onRewrite"), kOnRewrite, report_))
      source.on_rewrite = *choice == 0 ? OnRewrite::kHold : OnRewrite::kAccept;
    manifests::SetIf(source.atomic, manifests::ReadBool(decoder.Take("atomic"), report_));
  }
  decoder.Finish();
  return source;
}

void ConfigReader::ReadRemote(MappingDecoder& decoder, SourceConfig& source) {
  const Field url = decoder.Require("url");
  manifests::SetIf(source.url, manifests::ReadString(url, kTextBytes, report_));
  const bool usable = !source.url.empty() && CheckRemoteUrl(source.url).ok();
  if (!source.url.empty() && !usable)
    report_.Error(url, CheckRemoteUrl(source.url).error().message);
  const Field branch = decoder.Take("branch");
  manifests::SetIf(source.branch, manifests::ReadString(branch, kTextBytes, report_));
  if (branch && !IsBranch(source.branch))
    report_.Error(branch, "expected a branch's name, such as \"main\", found " +
                              manifests::Found(*branch.node));
  const Field path = decoder.Take("path");
  if (const auto text = manifests::ReadString(path, {0, kTextBytes.max}, report_)) {
    const auto resolved = text->empty() ? text : manifests::ResolvePath("", *text);
    if (!resolved)
      report_.Error(
          path, "expected a folder inside the repository, found " + manifests::Found(*path.node));
    source.path = resolved.value_or("");
  }
  const Field token = decoder.Take("tokenFile");
  ReadSecret(token, source.token_file, source.token);
  // At the start rather than at the fetch, which would leave the token out and say "authentication
  // failed".
  if (token && usable && !TakesToken(source.url))
    report_.Error(token, "a token may only travel by https, or by http to this machine",
                  "use an https URL");
  const Field authorities = decoder.Take("caFile");
  manifests::SetIf(source.ca_file, ReadPath(authorities));
  if (!source.ca_file.empty() && access(source.ca_file.c_str(), R_OK) != 0)
    report_.Error(authorities, "cannot read " + source.ca_file,
                  "expected a file of PEM certificates");
}

void ConfigReader::ReadVerify(MappingDecoder& decoder, SourceConfig& source) {
  static constexpr std::string_view kVerify[] = {"none", "head", "range"};
  const Field verify = decoder.Take("verify");
  if (const auto choice = manifests::ReadChoice(verify, kVerify, report_))
    source.verify = static_cast<VerifyMode>(*choice);
  const Field signers = decoder.Take("signers");
  manifests::SetIf(source.signers, ReadPath(signers));
  if (source.signers.empty()) {
    if (source.verify != VerifyMode::kNone)
      report_.Error(verify, "needs to know who may sign", "name a file with `signers`");
    return;
  }
  if (const auto loaded = LoadSigners(source.signers); !loaded.ok())
    report_.Error(signers, loaded.error().message);
}

void ConfigReader::ReadSecret(const Field& field, std::string& file, std::string& secret) {
  manifests::SetIf(file, ReadPath(field));
  if (file.empty()) return;
  auto content = ReadSecretFile(file);
  if (!content.ok()) return report_.Error(field, content.error().message);
  secret = std::move(content).value();
}

// "https://host/team/Maps.git" gives "maps".
std::string NameOf(std::string_view url) {
  while (url.ends_with('/')) url.remove_suffix(1);
  if (url.ends_with(".git")) url.remove_suffix(4);
  // The last part also of host:path, which is refused later with a reason of its own.
  url.remove_prefix(url.find_last_of("/:") + 1);  // npos + 1 is 0
  std::string name;
  for (const char c : url.substr(0, kNameBytes.max)) {
    const bool upper = c >= 'A' && c <= 'Z';
    name += upper ? static_cast<char>(c - 'A' + 'a') : c;
    if (!IsName(name.substr(name.size() - 1))) name.back() = '-';
  }
  const std::size_t begin = std::min(name.find_first_not_of('-'), name.size());
  name.erase(0, begin);
  while (name.ends_with('-')) name.pop_back();
  return name.empty() ? "source" : name;
}

}  // namespace

Result<DaemonConfig> LoadConfig(const std::string& path) {
  PORTOLAN_TRY(const manifests::Node root, ReadYamlFile(path));
  return ConfigReader(path).Read(root);
}

Result<DaemonConfig> ConfigForRepo(const std::string& url, const std::string& branch,
                                   const std::string& path, const std::string& state) {
  DaemonConfig config;
  SourceConfig source;
  std::error_code error;
  source.url = fs::is_directory(url, error) ? fs::absolute(url).lexically_normal().string() : url;
  PORTOLAN_CHECK(CheckRemoteUrl(source.url));
  source.name = NameOf(source.url);
  if (!IsBranch(branch))
    return Error{ErrorCode::kInvalid, "expected a branch's name, found \"" + branch + "\""};
  source.branch = branch;
  const auto folder =
      path.empty() ? std::optional<std::string>("") : manifests::ResolvePath("", path);
  if (!folder)
    return Error{ErrorCode::kInvalid,
                 "expected a folder inside the repository, found \"" + path + "\""};
  source.path = *folder;
  config.state = fs::absolute(state).lexically_normal().string();
  config.sources.push_back(std::move(source));
  return config;
}

Status CheckControlAddress(const ListenConfig& listen) {
  const auto endpoint = ParseEndpoint(listen.control);
  if (!endpoint.ok()) return endpoint.error();
  if (endpoint->kind != Peer::Kind::kTcp || endpoint->tls)
    return Error{ErrorCode::kInvalid,
                 "expected HOST:PORT, such as 127.0.0.1:7420, found \"" + listen.control + "\""};
  if (listen.insecure || IsLoopback(endpoint->host)) return {};
  return Error{ErrorCode::kDenied,
               "\"" + listen.control +
                   "\" can be reached from other machines, which needs TLS, and the daemon does "
                   "not speak TLS "
                   "yet; use 127.0.0.1 behind a proxy that does, or set listen.insecure to true"};
}

}  // namespace portolan::controller
