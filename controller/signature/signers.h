#pragma once

#include <string>
#include <vector>

#include "mapcore/base/digest.h"

namespace portolan::controller {

// Which commits must carry the signature of an allowed signer.
enum class VerifyMode {
  kNone,   // none: signatures are only read, for policies
  kHead,   // the one that is taken
  kRange,  // and every one of the branch since the last that was taken
};

// An OpenPGP key that may sign.
struct GpgSigner {
  std::string identity;     // whom policies see, "ana@corp.example"
  std::string fingerprint;  // of the primary key or of a subkey: 40 or 64 upper-case hex digits
  std::string key;          // the public key, armored or binary
};

// Who may sign commits (docs/configuration.md). Identities are what the owner of this file says,
// never what a key says of itself.
struct Signers {
  std::string ssh;  // allowed signers as ssh-keygen(1) reads them; empty: none
  std::vector<GpgSigner> gpg;

  bool empty() const { return ssh.empty() && gpg.empty(); }
  // Of all of it.
  Digest digest() const;
};

}  // namespace portolan::controller
