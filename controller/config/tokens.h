#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/http/message.h"
#include "mapcore/base/clock.h"
#include "mapcore/base/digest.h"
#include "mapcore/base/result.h"

namespace portolan::controller {

// What the tokens file says of one token: never the token itself.
struct TokenRecord {
  std::string name;  // of who holds it, "ci"
  std::vector<std::string> groups;
  std::vector<std::string> identities;  // other names of the holder: e-mail addresses, "user:ann"
  ScopeSet scopes;
  Digest sha256;                    // of the token's text
  std::optional<WallTime> expires;  // none: never
};

// The tokens that the control API accepts. Immutable, hence thread-safe.
class TokenSet {
 public:
  explicit TokenSet(std::vector<TokenRecord> records) : records_(std::move(records)) {}

  // Who presents this token, as the actor "token:NAME". Compares with every record in constant
  // time. Errors: kUnauthenticated, the same for tokens that are unknown and that expired.
  // O(records).
  Result<Actor> Identify(std::string_view token, WallTime now) const;

  const std::vector<TokenRecord>& records() const { return records_; }

 private:
  std::vector<TokenRecord> records_;
};

// Reads the tokens file, a YAML list (docs/configuration.md). Errors: kNotFound, kDenied when
// unreadable or writable for others than its owner, kInvalid with every error at file:line:col.
Result<TokenSet> LoadTokens(const std::string& path);

struct IssuedToken {
  std::string secret;  // shown once; 256 random bits
  TokenRecord record;
};

// Makes a new token; the record is `record` with the token's hash. Errors: kUnavailable when the
// kernel has no randomness.
Result<IssuedToken> NewToken(TokenRecord record);

// The record as one entry of the tokens file, with a newline.
std::string TokenEntry(const TokenRecord& record);

}  // namespace portolan::controller
