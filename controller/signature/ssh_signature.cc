#include "controller/signature/ssh_signature.h"

#include <algorithm>

#include "controller/process/child_process.h"
#include "controller/process/scratch_folder.h"
#include "controller/signature/refusal.h"

namespace portolan::controller {
namespace {

constexpr std::string_view kFingerprint = "SHA256:";

// ssh-keygen with one signature and the allowed signers in files of our own.
class Keygen {
 public:
  static Result<Keygen> Prepare(const SignedBytes& bytes, const std::string& allowed) {
    PORTOLAN_TRY(std::string program, FindProgram("ssh-keygen", "openssh-client"));
    PORTOLAN_TRY(ScratchFolder folder, ScratchFolder::Make());
    PORTOLAN_TRY(std::string signature, folder.Write("signature", bytes.signature));
    PORTOLAN_TRY(std::string signers, folder.Write("allowed_signers", allowed));
    return Keygen(std::move(folder),
                  {.arguments = {std::move(program)},
                   .environment = {"LC_ALL=C", "PATH=/usr/bin:/bin"},
                   .input = bytes.payload,
                   .limits = {}},
                  {std::move(signature), std::move(signers), bytes.name_space});
  }

  Result<ProcessEnd> Validate() const {
    return Run({"-Y", "check-novalidate", "-n", files_.name_space, "-s", files_.signature});
  }
  Result<ProcessEnd> FindPrincipals() const {
    return Run({"-Y", "find-principals", "-s", files_.signature, "-f", files_.allowed});
  }
  Result<ProcessEnd> Verify(const std::string& identity) const {
    return Run({"-Y", "verify", "-n", files_.name_space, "-s", files_.signature, "-f",
                files_.allowed, "-I", identity});
  }

 private:
  struct Files {
    std::string signature;
    std::string allowed;
    std::string name_space;
  };
  Keygen(ScratchFolder folder, ProcessCall call, Files files)
      : folder_(std::move(folder)), call_(std::move(call)), files_(std::move(files)) {}

  Result<ProcessEnd> Run(const std::vector<std::string>& arguments) const {
    ProcessCall call = call_;
    call.arguments.insert(call.arguments.end(), arguments.begin(), arguments.end());
    return RunProcess(call);
  }

  ScratchFolder folder_;
  ProcessCall call_;
  Files files_;
};

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (end > begin) lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

// "SHA256:…" of what ssh-keygen printed about a key.
std::string FingerprintIn(const std::string& text) {
  const std::size_t at = text.find(kFingerprint);
  return at == std::string::npos ? "" : text.substr(at, text.find_first_of(" \n", at) - at);
}

Error NotAllowed(const std::string& subject, const std::string& key, const std::string& why) {
  // Its words for validity outside valid-after and valid-before, in OpenSSH 8.9 to 9.9.
  const bool late = why.find("key has expired") != std::string::npos;
  const bool early = why.find("key is not yet valid") != std::string::npos;
  if (late || early)
    return Refuse("Expired", subject,
                  "is signed by the SSH key " + key + ", which the allowed signers " +
                      (late ? "accept no longer" : "do not accept yet"));
  return Refuse("UnknownSigner", subject,
                "is signed by the SSH key " + key + ", which is not among the allowed signers");
}

}  // namespace

Result<std::vector<std::string>> VerifySsh(const SignedBytes& bytes, const std::string& allowed) {
  const auto prepared = Keygen::Prepare(bytes, allowed);
  if (!prepared.ok()) return VerifierFailed(prepared.error());
  // Good for any key: it only tells a bad signature from a good one of an unknown key, and names
  // the key. It never accepts.
  const auto valid = prepared->Validate();
  if (!valid.ok()) return VerifierFailed(valid.error());
  if (valid->exit_code != 0)
    return Refuse("BadSignature", bytes.subject, "has an SSH signature that does not sign it");
  const std::string key = FingerprintIn(valid->output);
  const auto principals = prepared->FindPrincipals();
  if (!principals.ok()) return VerifierFailed(principals.error());
  if (principals->exit_code != 0) return NotAllowed(bytes.subject, key, principals->errors);
  std::vector<std::string> identities;
  for (const std::string& identity : Lines(principals->output)) {
    const auto verified = prepared->Verify(identity);
    if (!verified.ok()) return VerifierFailed(verified.error());
    if (verified->exit_code == 0 && std::ranges::find(identities, identity) == identities.end())
      identities.push_back(identity);
  }
  if (identities.empty()) return NotAllowed(bytes.subject, key, "");
  return identities;
}

Result<std::vector<std::string>> VerifySsh(const SignedCommit& commit, const std::string& allowed) {
  return VerifySsh(SignedBytes{SubjectOf(commit), "git", commit.signature, commit.payload},
                   allowed);
}

}  // namespace portolan::controller
