#include "controller/config/metrics_config.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <string_view>

#include "controller/config/secret_file.h"
#include "controller/git/remote_url.h"
#include "controller/http/listener.h"
#include "manifests/fields.h"

// A provider is a boundary of trust. Whoever may write manifests chooses what is asked; only the
// configuration chooses whom, and with which secret.

namespace portolan::controller {
namespace {

using manifests::Field;
using manifests::MappingDecoder;
using manifests::Report;

constexpr manifests::Range<std::size_t> kNameBytes{1, 63};
constexpr manifests::Range<std::size_t> kTextBytes{1, 4096};
constexpr std::size_t kHeadersMax = 16;
// In the order of ProviderType.
constexpr std::string_view kTypes[] = {"prometheus", "web"};

// RFC 9110 §5.6.2, without those that the client writes itself.
// A second Host or Content-Length would make two messages of one.
bool IsHeaderName(std::string_view name) {
  constexpr std::string_view kToken = "!#$%&'*+-.^_`|~";
  std::string lower(name);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (lower == "host" || lower == "content-length" || lower == "content-type" ||
      lower == "transfer-encoding" || lower == "connection")
    return false;
  return std::all_of(lower.begin(), lower.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || kToken.find(c) != kToken.npos;
  });
}

class ProvidersReader {
 public:
  ProvidersReader(const std::string& folder, Report& report) : folder_(folder), report_(report) {}

  MetricProviderConfig ReadProvider(const Field& field) {
    MetricProviderConfig provider;
    MappingDecoder decoder(field, report_);
    manifests::SetIf(provider.name,
                     manifests::ReadString(decoder.Require("name"), kNameBytes, report_));
    if (const auto type = manifests::ReadChoice(decoder.Require("type"), kTypes, report_))
      provider.type = *type == 0 ? ProviderType::kPrometheus : ProviderType::kWeb;
    ReadAddress(decoder.Require("address"), provider);
    const Field token = decoder.Take("tokenFile");
    provider.token = ReadSecret(token);
    const Field headers = decoder.Take("headers");
    ReadHeaders(headers, provider);
    for (const Field& secret : {token, headers})
      if (secret && !provider.address.empty() && !TakesToken(provider.address))
        report_.Error(secret, "a secret may only travel by https, or by http to this machine",
                      "use an https address");
    if (const auto concurrency = manifests::ReadInteger(decoder.Take("concurrency"),
                                                        {1, kProviderConcurrencyMax}, report_))
      provider.concurrency = static_cast<int>(*concurrency);
    decoder.Finish();
    return provider;
  }

 private:
  void ReadAddress(const Field& field, MetricProviderConfig& provider) {
    const auto text = manifests::ReadString(field, kTextBytes, report_);
    if (!text) return;
    const std::size_t scheme = text->find("://");
    const std::size_t path = scheme == text->npos ? text->npos : text->find('/', scheme + 3);
    provider.address = text->substr(0, path);
    if (path != text->npos) provider.prefix = text->substr(path);
    while (provider.prefix.ends_with('/')) provider.prefix.pop_back();
    const bool http = text->starts_with("http://") || text->starts_with("https://");
    // '@': a password in an address would be shown wherever the address is.
    const bool plain = text->find_first_of("?#@\\ ") == text->npos;
    if (!http || !plain || !ParseEndpoint(provider.address).ok())
      report_.Error(field, "expected http://HOST:PORT or https://HOST, without a user, found " +
                               manifests::Found(*field.node));
  }

  void ReadHeaders(const Field& field, MetricProviderConfig& provider) {
    if (!field) return;
    if (field.node->kind != manifests::Node::Kind::kSequence ||
        field.node->items.size() > kHeadersMax) {
      report_.Error(field, "expected a list of at most " + std::to_string(kHeadersMax) +
                               " headers, such as [{name: X-Key, valueFile: secrets/key}]");
      return;
    }
    for (std::size_t i = 0; i < field.node->items.size(); ++i) {
      MappingDecoder decoder(field.Item(i), report_);
      const Field name_field = decoder.Require("name");
      const auto name = manifests::ReadString(name_field, kNameBytes, report_);
      const std::string value = ReadSecret(decoder.Require("valueFile"));
      decoder.Finish();
      if (!name) continue;
      if (!IsHeaderName(*name))
        report_.Error(name_field, "expected the name of a header that may be set, found " +
                                      manifests::Found(*name_field.node));
      provider.headers.emplace_back(*name, value);
    }
  }

  std::string ReadSecret(const Field& field) {
    const auto path = manifests::ReadString(field, kTextBytes, report_);
    if (!path) return "";
    auto secret = ReadSecretFile((std::filesystem::path(folder_) / *path).string());
    if (secret.ok()) return std::move(secret).value();
    report_.Error(field, secret.error().message);
    return "";
  }

  const std::string& folder_;
  Report& report_;
};

}  // namespace

std::vector<MetricProviderConfig> ReadMetricProviders(const Field& field, const std::string& folder,
                                                      Report& report) {
  std::vector<MetricProviderConfig> providers;
  if (!field) return providers;
  MappingDecoder decoder(field, report);
  const Field list = decoder.Require("providers");
  decoder.Finish();
  if (!list) return providers;
  if (list.node->kind != manifests::Node::Kind::kSequence ||
      list.node->items.size() > kMetricProvidersMax) {
    report.Error(list, "expected a list of at most " + std::to_string(kMetricProvidersMax) +
                           " providers, found " + manifests::Found(*list.node));
    return providers;
  }
  std::set<std::string> names;
  ProvidersReader reader(folder, report);
  for (std::size_t i = 0; i < list.node->items.size(); ++i) {
    MetricProviderConfig provider = reader.ReadProvider(list.Item(i));
    if (!provider.name.empty() && !names.insert(provider.name).second)
      report.Error(list.Item(i), "a second provider named \"" + provider.name + "\"",
                   "give it another name");
    providers.push_back(std::move(provider));
  }
  return providers;
}

}  // namespace portolan::controller
