#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "mapcore/base/result.h"

namespace portolan {

// A SHA-256 hash: the identity of a MapVersion, a plan or a blob. The default value is all zero and
// names nothing.
class Digest {
 public:
  static constexpr std::size_t kSize = 32;

  Digest() = default;
  explicit Digest(const std::array<std::uint8_t, kSize>& bytes) : bytes_(bytes) {}

  // Reads "sha256:" and 64 lower-case hex digits. Errors: kInvalid naming what was found.
  static Result<Digest> Parse(std::string_view text);

  std::string ToString() const;  // "sha256:" + 64 hex digits
  std::string Hex() const;       // 64 hex digits
  std::string Short() const;     // the first 12 hex digits, as tables show it
  const std::array<std::uint8_t, kSize>& bytes() const { return bytes_; }
  bool empty() const { return *this == Digest(); }

  friend auto operator<=>(const Digest&, const Digest&) = default;

 private:
  std::array<std::uint8_t, kSize> bytes_{};
};

struct DigestHash {
  std::size_t operator()(const Digest& digest) const;
};

// SHA-256 fed in pieces (FIPS 180-4, by OpenSSL). Finish() ends its use. Not thread-safe.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void Update(std::string_view bytes);
  Digest Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Digest Sha256Of(std::string_view bytes);

// Lower-case hexadecimal, two digits a byte.
std::string ToHex(std::string_view bytes);
// Whether all of the text is such digits; the empty one is.
bool IsHex(std::string_view text);

}  // namespace portolan
