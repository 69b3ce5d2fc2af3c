#include "controller/config/yaml_file.h"

#include <filesystem>
#include <fstream>
#include <system_error>

#include "manifests/yaml_reader.h"

// Files of the machine's administrator: read whole, with a limit, by the reader of manifests, so
// that their errors look the same.

namespace portolan::controller {

Result<std::string> ReadFile(const std::string& path, std::size_t bytes_max) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) return Error{ErrorCode::kNotFound, path + ": no such file"};
  if (std::filesystem::is_directory(status))
    return Error{ErrorCode::kInvalid, path + ": expected a file, found a directory"};
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::kDenied, path + ": cannot be opened; check who may read it"};
  // One byte more than is allowed tells a file that is too large from one that just fits.
  std::string bytes(bytes_max + 1, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (file.bad()) return Error{ErrorCode::kUnavailable, path + ": cannot be read"};
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  if (bytes.size() > bytes_max)
    return Error{ErrorCode::kInvalid,
                 path + ": expected at most " + std::to_string(bytes_max) + " bytes, found more"};
  return bytes;
}

// A file whose rights cannot be read counts as one that others may write to.
Status CheckOnlyOwnerWrites(const std::string& path) {
  using std::filesystem::perms;
  constexpr perms kOthers = perms::others_write | perms::group_write;
  std::error_code error;
  if ((std::filesystem::status(path, error).permissions() & kOthers) == perms::none) return {};
  return Error{ErrorCode::kDenied,
               path + ": others than its owner may write to it; run `chmod go-w " + path + "`"};
}

Result<manifests::Node> ReadYamlFile(const std::string& path) {
  PORTOLAN_TRY(const std::string bytes, ReadFile(path, kConfigBytesMax));
  manifests::ReadResult read = manifests::ReadYaml(bytes, path);
  if (!read.ok()) return InvalidFile(read.AllDiagnostics());
  if (read.documents.size() != 1) {
    return Error{ErrorCode::kInvalid, path + ": expected one YAML document, found " +
                                          std::to_string(read.documents.size())};
  }
  return std::move(read.documents.front().root);
}

Error InvalidFile(std::vector<manifests::Diagnostic> diagnostics) {
  std::string message = manifests::FormatDiagnostics(std::move(diagnostics));
  while (!message.empty() && message.back() == '\n') message.pop_back();
  return {ErrorCode::kInvalid, std::move(message)};
}

}  // namespace portolan::controller
