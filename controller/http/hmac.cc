#include "controller/http/hmac.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdexcept>

#include "mapcore/base/digest.h"

namespace portolan::controller {

std::string HmacSha256Hex(std::string_view key, std::string_view message) {
  // An empty view may point nowhere, which OpenSSL takes for a missing key.
  const char* key_bytes = key.empty() ? "" : key.data();
  const std::string_view text = message.empty() ? std::string_view("") : message;
  std::string mac(32, '\0');
  unsigned int size = 0;
  const auto* done = HMAC(EVP_sha256(), key_bytes, static_cast<int>(key.size()),
                          reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                          reinterpret_cast<unsigned char*>(mac.data()), &size);
  if (done == nullptr || size != mac.size()) throw std::runtime_error("HMAC-SHA256 failed");
  return ToHex(mac);
}

// Lengths are no secret: those of a digest are known to all.
bool ConstantTimeEquals(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace portolan::controller
