#include "controller/config/secret_file.h"

#include "controller/config/yaml_file.h"

namespace portolan::controller {

Result<std::string> ReadSecretFile(const std::string& path) {
  PORTOLAN_TRY(std::string secret, ReadFile(path, kSecretBytesMax));
  PORTOLAN_CHECK(CheckOnlyOwnerWrites(path));
  // Editors end a file with a newline; a secret does not contain one.
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();
  if (secret.empty())
    return Error{ErrorCode::kInvalid, path + ": expected a secret, found an empty file"};
  // It travels in a header's line.
  if (secret.find_first_of(std::string_view("\n\r\0", 3)) != std::string::npos)
    return Error{ErrorCode::kInvalid, path + ": expected one line with the secret, found more"};
  return secret;
}

}  // namespace portolan::controller
