#include "controller/config/secret_file.h"

#include <filesystem>
#include <system_error>

#include "controller/config/yaml_file.h"

namespace portolan::controller {

Result<std::string> ReadSecretFile(const std::string& path) {
  constexpr auto kOthers =
      std::filesystem::perms::others_write | std::filesystem::perms::group_write;
  PORTOLAN_TRY(std::string secret, ReadFile(path, kSecretBytesMax));
  std::error_code error;
  if ((std::filesystem::status(path, error).permissions() & kOthers) !=
      std::filesystem::perms::none)
    return Error{ErrorCode::kDenied,
                 path + ": others than its owner may write to it; run `chmod go-w " + path + "`"};
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();
  if (secret.empty())
    return Error{ErrorCode::kInvalid, path + ": expected a secret, found an empty file"};
  if (secret.find_first_of(std::string_view("\n\r\0", 3)) != std::string::npos)
    return Error{ErrorCode::kInvalid, path + ": expected one line with the secret, found more"};
  return secret;
}

}  // namespace portolan::controller
