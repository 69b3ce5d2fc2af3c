#include "mapcore/base/digest.h"

#include <openssl/evp.h>

#include <cstring>
#include <exception>

namespace portolan {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kPrefix = "sha256:";

// OpenSSL refuses for want of memory, or when a system policy forbids the algorithm. A digest is an
// identity: going on with bytes that are none would mix up contents for good, so the process ends.
void Require(bool ok) {
  if (!ok) std::terminate();
}

// Lower case only: a digest has one spelling, and is compared as text by scripts.
int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

Result<Digest> Digest::Parse(std::string_view text) {
  const Error bad{ErrorCode::kInvalid,
                  "expected a digest, \"sha256:\" and 64 lower-case hex digits; found \"" +
                      std::string(text.substr(0, 80)) + "\""};
  if (!text.starts_with(kPrefix) || text.size() != kPrefix.size() + 2 * kSize) return bad;
  text.remove_prefix(kPrefix.size());
  std::array<std::uint8_t, kSize> bytes;
  for (std::size_t i = 0; i < kSize; ++i) {
    const int high = HexValue(text[2 * i]);
    const int low = HexValue(text[2 * i + 1]);
    if (high < 0 || low < 0) return bad;
    bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return Digest(bytes);
}

std::string Digest::ToString() const {
  return std::string(kPrefix) + Hex();
}

std::string Digest::Hex() const {
  return ToHex({reinterpret_cast<const char*>(bytes_.data()), bytes_.size()});
}

std::string Digest::Short() const {
  return Hex().substr(0, 12);
}

// Any 8 bytes of a SHA-256 are a good hash already.
std::size_t DigestHash::operator()(const Digest& digest) const {
  std::size_t hash;
  std::memcpy(&hash, digest.bytes().data(), sizeof hash);
  return hash;
}

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  Require(state_->context != nullptr &&
          EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) == 1);
}

Sha256::~Sha256() = default;

void Sha256::Update(std::string_view bytes) {
  Require(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

Digest Sha256::Finish() {
  std::array<std::uint8_t, Digest::kSize> bytes;
  Require(EVP_DigestFinal_ex(state_->context, bytes.data(), nullptr) == 1);
  return Digest(bytes);
}

Digest Sha256Of(std::string_view bytes) {
  Sha256 hash;
  hash.Update(bytes);
  return hash.Finish();
}

std::string ToHex(std::string_view bytes) {
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    hex += kHexDigits[byte >> 4];
    hex += kHexDigits[byte & 15];
  }
  return hex;
}

bool IsHex(std::string_view text) {
  return text.find_first_not_of(kHexDigits) == std::string_view::npos;
}

}  // namespace portolan
