#include "controller/config/signers_file.h"

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "controller/config/yaml_file.h"
#include "manifests/fields.h"

namespace portolan::controller {
namespace {

using manifests::Field;
using manifests::MappingDecoder;
using manifests::Report;

constexpr manifests::Range<std::size_t> kIdentityBytes{1, 254};
constexpr manifests::Range<std::size_t> kPathBytes{1, 4096};
constexpr std::size_t kGpgSignersMax = 256;
constexpr std::size_t kFingerprintDigits = 40;    // OpenPGP version 4
constexpr std::size_t kFingerprintDigitsV5 = 64;  // and 5

class SignersReader {
 public:
  explicit SignersReader(const std::string& path)
      : folder_(std::filesystem::absolute(path).parent_path()), report_(path) {}

  Result<Signers> Read(const manifests::Node& root) {
    Signers signers;
    MappingDecoder decoder({&root, {}}, report_);
    const Field ssh = decoder.Take("ssh");
    signers.ssh = ReadKeyFile(ssh);
    if (!signers.ssh.empty()) CheckAllowed(ssh, signers.ssh);
    ReadGpg(decoder.Take("gpg"), signers.gpg);
    decoder.Finish();
    if (report_.clean() && signers.empty())
      report_.Error({&root, {}}, "expected ssh or gpg with somebody who may sign, found nobody");
    if (!report_.clean()) return InvalidFile(report_.Take());
    return signers;
  }

 private:
  std::string ReadKeyFile(const Field& field) {
    const auto name = manifests::ReadString(field, kPathBytes, report_);
    if (!name) return {};
    auto bytes = ReadFile((folder_ / *name).lexically_normal().string(), kConfigBytesMax);
    if (bytes.ok() && !bytes->empty()) return *std::move(bytes);
    report_.Error(field, bytes.ok() ? "the file " + *name + " is empty" : bytes.error().message);
    return {};
  }

  // A pattern is no identity: policies could not compare it with an author or an approver.
  void CheckAllowed(const Field& field, const std::string& allowed) {
    std::istringstream lines(allowed);
    int number = 0;
    for (std::string line; std::getline(lines, line);) {
      ++number;
      const std::size_t begin = line.find_first_not_of(" \t");
      if (begin == std::string::npos || line[begin] == '#') continue;
      const std::string names = line.substr(begin, line.find_first_of(" \t", begin) - begin);
      if (names.find_first_of("*?!") == std::string::npos) continue;
      report_.Error(field,
                    "line " + std::to_string(number) + " of the file allows the pattern \"" +
                        names + "\"; expected identities, such as ana@corp.example",
                    "write one line for each person");
    }
  }

  void ReadGpg(const Field& field, std::vector<GpgSigner>& signers) {
    if (!field) return;
    const bool list = field.node->kind == manifests::Node::Kind::kSequence;
    if (!list || field.node->items.size() > kGpgSignersMax) {
      report_.Error(
          field,
          "expected a list of at most " + std::to_string(kGpgSignersMax) + " keys, found " +
              (list ? std::to_string(field.node->items.size()) : manifests::Found(*field.node)));
      return;
    }
    for (std::size_t i = 0; i < field.node->items.size(); ++i) {
      GpgSigner signer;
      MappingDecoder decoder(field.Item(i), report_);
      manifests::SetIf(signer.identity,
                       manifests::ReadString(decoder.Require("identity"), kIdentityBytes, report_));
      signer.fingerprint = ReadFingerprint(decoder.Require("fingerprint"));
      signer.key = ReadKeyFile(decoder.Require("keyFile"));
      decoder.Finish();
      signers.push_back(std::move(signer));
    }
  }

  // A short key id can be forged; blanks, as gpg prints them, are left out.
  std::string ReadFingerprint(const Field& field) {
    auto text = manifests::ReadString(field, {1, 128}, report_);
    if (!text) return {};
    std::erase(*text, ' ');
    std::ranges::transform(*text, text->begin(), [](char c) {
      return c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c;
    });
    const bool hex = text->find_first_not_of("0123456789ABCDEF") == std::string::npos;
    if (hex && (text->size() == kFingerprintDigits || text->size() == kFingerprintDigitsV5))
      return *text;
    report_.Error(field, "expected a whole fingerprint of 40 hex digits, found " +
                             manifests::Found(*field.node));
    return {};
  }

  const std::filesystem::path folder_;
  Report report_;
};

}  // namespace

Result<Signers> LoadSigners(const std::string& path) {
  PORTOLAN_TRY(const manifests::Node root, ReadYamlFile(path));
  return SignersReader(path).Read(root);
}

}  // namespace portolan::controller
