#include "controller/config/regulated_config.h"

#include <filesystem>

#include "controller/config/secret_file.h"
#include "controller/config/signers_file.h"
#include "controller/http/listener.h"

namespace portolan::controller {
namespace {

using manifests::Field;
using manifests::MappingDecoder;
using manifests::Report;

constexpr manifests::Range<std::size_t> kTextBytes{1, 4096};
constexpr Duration kDeadlineMin = std::chrono::milliseconds(100);
constexpr Duration kDeadlineMax = std::chrono::minutes(1);
constexpr Duration kMaxAgeMin = std::chrono::minutes(1);
constexpr Duration kMaxAgeMax = std::chrono::days(30);

class RegulatedReader {
 public:
  RegulatedReader(const std::string& folder, Report& report) : folder_(folder), report_(report) {}

  RegulatedConfig Read(const Field& field) {
    RegulatedConfig config;
    MappingDecoder decoder(field, report_);
    ReadWebhook(decoder.Require("webhook"), config);
    const Field signers = decoder.Require("signers");
    config.signers = ReadPath(signers);
    if (!config.signers.empty()) CheckSigners(signers, config.signers);
    const Field secret = decoder.Take("secretFile");
    config.secret_file = ReadPath(secret);
    if (!config.secret_file.empty()) {
      auto content = ReadSecretFile(config.secret_file);
      if (content.ok())
        config.secret = *std::move(content);
      else
        report_.Error(secret, content.error().message);
    }
    ReadSpan(decoder.Take("deadline"), {kDeadlineMin, kDeadlineMax}, config.deadline);
    ReadSpan(decoder.Take("maxAge"), {kMaxAgeMin, kMaxAgeMax}, config.max_age);
    decoder.Finish();
    return config;
  }

 private:
  std::string ReadPath(const Field& field) {
    const auto text = manifests::ReadString(field, kTextBytes, report_);
    return text ? (std::filesystem::path(folder_) / *text).lexically_normal().string() : "";
  }

  void ReadWebhook(const Field& field, RegulatedConfig& config) {
    const auto text = manifests::ReadString(field, kTextBytes, report_);
    if (!text) return;
    const std::size_t scheme = text->find("://");
    const std::size_t path = scheme == text->npos ? text->npos : text->find('/', scheme + 3);
    config.webhook = *text;
    config.address = text->substr(0, path);
    config.target = path == text->npos ? "/" : text->substr(path);
    const bool http = text->starts_with("http://") || text->starts_with("https://");
    // '@': a password in an address would be shown wherever the address is.
    const bool plain = text->find_first_of("#@\\ ") == text->npos;
    if (!http || !plain || !ParseEndpoint(config.address).ok())
      report_.Error(field,
                    "expected http://HOST:PORT/PATH or https://HOST/PATH, without a user, found " +
                        manifests::Found(*field.node));
  }

  void CheckSigners(const Field& field, const std::string& path) {
    const auto signers = LoadSigners(path);
    if (!signers.ok()) return report_.Error(field, signers.error().message);
    if (signers->ssh.empty())
      report_.Error(field, "names nobody with an SSH key; answers are signed with one",
                    "give the file `ssh: allowed_signers`");
  }

  void ReadSpan(const Field& field, manifests::Range<Duration> range, Duration& span) {
    const auto read = manifests::ReadDuration(field, report_);
    if (!read) return;
    span = *read;
    if (span < range.min || span > range.max)
      report_.Error(field, "expected a duration from " + std::to_string(range.min.count()) +
                               " ms to " + std::to_string(range.max.count()) + " ms, found " +
                               manifests::Found(*field.node));
  }

  const std::string& folder_;
  Report& report_;
};

}  // namespace

std::optional<RegulatedConfig> ReadRegulated(const Field& field, const std::string& folder,
                                             Report& report) {
  if (!field) return std::nullopt;
  return RegulatedReader(folder, report).Read(field);
}

}  // namespace portolan::controller
