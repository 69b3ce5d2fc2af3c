#include "controller/signature/signers.h"

namespace portolan::controller {

// Each text is preceded by its length, so that no two lists of texts are the same bytes.
Digest Signers::digest() const {
  std::string bytes;
  const auto add = [&](const std::string& text) {
    bytes += std::to_string(text.size()) + ":" + text;
  };
  add(ssh);
  for (const GpgSigner& signer : gpg) {
    add(signer.identity);
    add(signer.fingerprint);
    add(signer.key);
  }
  return Sha256Of(bytes);
}

}  // namespace portolan::controller
