#include "controller/config/tokens.h"

#include <openssl/crypto.h>
#include <unistd.h>

#include <array>
#include <set>

#include "controller/config/yaml_file.h"
#include "manifests/fields.h"

// The file holds hashes of tokens, never tokens: who reads a backup of it cannot call. SHA-256
// without salt or stretching is enough for 256 random bits, which nobody guesses; a token that a
// person made up would need both, which is why `portolan token` makes them.

namespace portolan::controller {
namespace {

using manifests::Field;
using manifests::MappingDecoder;
using manifests::Report;

// A fixed beginning lets scanners find tokens that were committed by mistake.
constexpr std::string_view kTokenPrefix = "ptl_";
constexpr std::size_t kTokenBytes = 32;
// So that a caller cannot have megabytes hashed.
constexpr std::size_t kTokenTextMax = 4096;
constexpr std::size_t kTokensMax = 1'000;
constexpr manifests::Range<std::size_t> kNameBytes{1, 63};
constexpr manifests::Range<std::size_t> kIdentityBytes{1, 320};  // RFC 3696: an address
constexpr std::string_view kScopeNames[] = {"read", "report", "operate", "approve", "sensitive"};
static_assert(std::size(kScopeNames) == std::size(kAllScopes));

// RFC 4648 section 5, without padding.
std::string Base64Url(std::string_view bytes) {
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char byte : bytes) {
    bits = (bits << 8 | static_cast<unsigned char>(byte)) & 0xFFFFF;
    for (count += 8; count >= 6; count -= 6) text += kAlphabet[bits >> (count - 6) & 63];
  }
  if (count > 0) text += kAlphabet[bits << (6 - count) & 63];
  return text;
}

ScopeSet ReadScopes(const Field& field, Report& report) {
  ScopeSet scopes;
  if (!field) return scopes;
  const bool list = field.node->kind == manifests::Node::Kind::kSequence;
  if (!list || field.node->items.empty()) {
    report.Error(field, "expected a list of " + manifests::OneOf(kScopeNames) + ", found " +
                            (list ? "an empty list" : manifests::Found(*field.node)));
    return scopes;
  }
  for (std::size_t i = 0; i < field.node->items.size(); ++i) {
    if (const auto choice = manifests::ReadChoice(field.Item(i), kScopeNames, report))
      scopes.Add(kAllScopes[*choice]);
  }
  return scopes;
}

Digest ReadHash(const Field& field, Report& report) {
  const auto text = manifests::ReadString(field, {1, 128}, report);
  if (!text) return {};
  const auto digest = Digest::Parse("sha256:" + *text);
  if (digest.ok()) return *digest;
  report.Error(field,
               "expected the token's SHA-256 as 64 lower-case hex digits, found " +
                   manifests::Found(*field.node),
               "printf %s \"$TOKEN\" | sha256sum");
  return {};
}

std::optional<WallTime> ReadTime(const Field& field, Report& report) {
  const auto text = manifests::ReadString(field, {1, 64}, report);
  if (!text) return std::nullopt;
  const auto time = ParseTime(*text);
  if (time.ok()) return *time;
  report.Error(field, time.error().message);
  return std::nullopt;
}

TokenRecord ReadRecord(const Field& field, Report& report) {
  TokenRecord record;
  MappingDecoder decoder(field, report);
  manifests::SetIf(record.name, manifests::ReadString(decoder.Require("name"), kNameBytes, report));
  manifests::SetIf(record.groups,
                   manifests::ReadStrings(decoder.Take("groups"), kNameBytes, report));
  const Field identities = decoder.Take("identities");
  manifests::SetIf(record.identities, manifests::ReadStrings(identities, kIdentityBytes, report));
  record.scopes = ReadScopes(decoder.Require("scopes"), report);
  record.sha256 = ReadHash(decoder.Require("sha256"), report);
  record.expires = ReadTime(decoder.Take("expires"), report);
  decoder.Finish();
  return record;
}

std::vector<TokenRecord> ReadRecords(const manifests::Node& root, Report& report) {
  std::vector<TokenRecord> records;
  const Field list{&root, {}};
  if (root.kind != manifests::Node::Kind::kSequence || root.items.size() > kTokensMax) {
    report.Error(list, "expected a list of at most " + std::to_string(kTokensMax) +
                           " tokens, found " + manifests::Found(root));
    return records;
  }
  std::set<std::string> names;
  std::set<Digest> hashes;
  for (std::size_t i = 0; i < root.items.size(); ++i) {
    const Field item = list.Item(i);
    TokenRecord record = ReadRecord(item, report);
    if (!record.name.empty() && !names.insert(record.name).second)
      report.Error(item, "a second token named \"" + record.name + "\"", "give it another name");
    if (!record.sha256.empty() && !hashes.insert(record.sha256).second)
      report.Error(item, "the same token as an entry above", "give each holder a token of its own");
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace

Result<Actor> TokenSet::Identify(std::string_view token, WallTime now) const {
  const TokenRecord* found = nullptr;
  if (token.size() <= kTokenTextMax) {
    // Every record is compared, found or not: the time tells nothing about which tokens there are.
    const Digest presented = Sha256Of(token);
    for (const TokenRecord& record : records_) {
      if (CRYPTO_memcmp(record.sha256.bytes().data(), presented.bytes().data(), Digest::kSize) == 0)
        found = &record;
    }
  }
  if (found == nullptr || (found->expires && now >= *found->expires))
    return Error{ErrorCode::kUnauthenticated,
                 "the token is not known or has expired; ask for a new one"};
  return Actor{"token:" + found->name, found->groups, found->scopes};
}

Result<TokenSet> LoadTokens(const std::string& path) {
  PORTOLAN_TRY(const manifests::Node root, ReadYamlFile(path));
  PORTOLAN_CHECK(CheckOnlyOwnerWrites(path));
  Report report(path);
  std::vector<TokenRecord> records = ReadRecords(root, report);
  if (!report.clean()) return InvalidFile(report.Take());
  return TokenSet(std::move(records));
}

Result<IssuedToken> NewToken(TokenRecord record) {
  std::array<char, kTokenBytes> bytes;
  // Waits for the kernel's pool at boot and never gives less than it was asked for
  // (getentropy(3)).
  if (::getentropy(bytes.data(), bytes.size()) != 0)
    return Error{ErrorCode::kUnavailable, "the system gives no random bytes"};
  IssuedToken issued;
  issued.secret = std::string(kTokenPrefix) + Base64Url({bytes.data(), bytes.size()});
  issued.record = std::move(record);
  issued.record.sha256 = Sha256Of(issued.secret);
  return issued;
}

std::string TokenEntry(const TokenRecord& record) {
  using manifests::Value;
  Value::Array groups(record.groups.begin(), record.groups.end());
  Value::Array scopes;
  for (std::size_t i = 0; i < std::size(kAllScopes); ++i)
    if (record.scopes.Has(kAllScopes[i])) scopes.emplace_back(kScopeNames[i]);
  Value entry(Value::Object{{"name", record.name},
                            {"groups", groups},
                            {"scopes", scopes},
                            {"sha256", record.sha256.Hex()}});
  if (!record.identities.empty())
    entry.Set("identities", Value::Array(record.identities.begin(), record.identities.end()));
  if (record.expires) entry.Set("expires", FormatTime(*record.expires));
  return "- " + manifests::WriteJson(entry) + "\n";
}

}  // namespace portolan::controller
