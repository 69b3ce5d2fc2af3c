#include "controller/signature/gpg_signature.h"

#include <algorithm>
#include <sstream>

#include "controller/process/child_process.h"
#include "controller/process/scratch_folder.h"
#include "controller/signature/refusal.h"

namespace portolan::controller {
namespace {

constexpr std::string_view kStatus = "[GNUPG:] ";

// What gpg says on its status descriptor (doc/DETAILS of GnuPG).
struct GpgStatus {
  int signatures = 0;  // NEWSIG
  int valid = 0;       // VALIDSIG, also printed for expired keys
  int good = 0;        // GOODSIG, printed for none of the others
  bool bad = false;
  bool expired = false;
  bool revoked = false;
  std::string unknown_key;
  std::string fingerprint;  // of the key that signed
  std::string primary;
};

void ReadLine(const std::string& line, GpgStatus& status) {
  std::istringstream words(line.substr(kStatus.size()));
  std::vector<std::string> fields;
  for (std::string word; words >> word;) fields.push_back(word);
  if (fields.empty()) return;
  const std::string& keyword = fields[0];
  if (keyword == "NEWSIG") ++status.signatures;
  if (keyword == "GOODSIG") ++status.good;
  status.bad |= keyword == "BADSIG";
  status.expired |= keyword == "EXPKEYSIG" || keyword == "EXPSIG";
  status.revoked |= keyword == "REVKEYSIG";
  if (keyword == "NO_PUBKEY" && fields.size() > 1) status.unknown_key = fields[1];
  if (keyword != "VALIDSIG" || fields.size() < 11) return;
  ++status.valid;
  status.fingerprint = fields[1];
  status.primary = fields[10];
}

GpgStatus ReadStatus(const std::string& output) {
  GpgStatus status;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(kStatus)) ReadLine(line, status);
  return status;
}

// gpg with a home of its own: no configuration, no agent, no network, no other key.
Result<ProcessEnd> Gpg(const std::string& home, const std::string& input,
                       const std::vector<std::string>& arguments) {
  PORTOLAN_TRY(std::string program, FindProgram("gpg", "gnupg"));
  ProcessCall call;
  call.arguments = {std::move(program),
                    "--no-options",
                    "--homedir",
                    home,
                    "--batch",
                    "--no-tty",
                    "--no-autostart",
                    "--disable-dirmngr",
                    "--trust-model",
                    "always",
                    "--no-auto-key-retrieve",
                    "--status-fd",
                    "1"};
  call.arguments.insert(call.arguments.end(), arguments.begin(), arguments.end());
  call.environment = {"LC_ALL=C", "PATH=/usr/bin:/bin", "HOME=" + home};
  call.input = input;
  return RunProcess(call);
}

Result<GpgStatus> AskGpg(const SignedCommit& commit, const std::vector<GpgSigner>& allowed) {
  PORTOLAN_TRY(const ScratchFolder home, ScratchFolder::Make());
  PORTOLAN_TRY(const std::string signature, home.Write("commit.asc", commit.signature));
  for (const GpgSigner& signer : allowed) {
    PORTOLAN_TRY(const ProcessEnd imported, Gpg(home.path(), signer.key, {"--import"}));
    if (imported.exit_code != 0)
      return Error{ErrorCode::kUnavailable,
                   "gpg cannot read the key of " + signer.identity + ": it " + imported.Describe()};
  }
  PORTOLAN_TRY(const ProcessEnd verified,
               Gpg(home.path(), commit.payload, {"--verify", signature, "-"}));
  return ReadStatus(verified.output);
}

}  // namespace

Result<std::vector<std::string>> VerifyGpg(const SignedCommit& commit,
                                           const std::vector<GpgSigner>& allowed) {
  const auto asked = AskGpg(commit, allowed);
  if (!asked.ok()) return VerifierFailed(asked.error());
  const GpgStatus& status = *asked;
  if (!status.unknown_key.empty())
    return Refuse("UnknownSigner", commit,
                  "is signed by the OpenPGP key " + status.unknown_key + ", which is not allowed");
  if (status.bad || status.valid != 1 || status.signatures != 1)
    return Refuse("BadSignature", commit,
                  status.signatures > 1 ? "has several OpenPGP signatures, expected one"
                                        : "has an OpenPGP signature that does not sign it");
  if (status.expired || status.revoked || status.good != 1)
    return Refuse("Expired", commit,
                  "is signed by the OpenPGP key " + status.fingerprint + ", which " +
                      (status.revoked ? "was revoked" : "has expired"));
  const auto signer = std::ranges::find_if(allowed, [&](const GpgSigner& one) {
    return one.fingerprint == status.primary || one.fingerprint == status.fingerprint;
  });
  if (signer == allowed.end())
    return Refuse("UnknownSigner", commit,
                  "is signed by the OpenPGP key " + status.fingerprint + ", which is not allowed");
  return std::vector<std::string>{signer->identity};
}

}  // namespace portolan::controller
