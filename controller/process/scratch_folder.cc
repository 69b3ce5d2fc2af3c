#include "controller/process/scratch_folder.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace portolan::controller {

Result<ScratchFolder> ScratchFolder::Make() {
  std::error_code error;
  std::string pattern = std::filesystem::temp_directory_path(error) / "portolan-XXXXXX";
  if (error || mkdtemp(pattern.data()) == nullptr)
    return Error{ErrorCode::kUnavailable, std::string("cannot make a temporary folder: ") +
                                              (error ? error.message() : std::strerror(errno))};
  return ScratchFolder(std::move(pattern));
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

Result<std::string> ScratchFolder::Write(const std::string& name, const std::string& bytes) const {
  const std::string path = path_ + "/" + name;
  std::ofstream file(path, std::ios::binary);
  chmod(path.c_str(), S_IRUSR | S_IWUSR);
  file << bytes;
  file.close();
  if (!file) return Error{ErrorCode::kUnavailable, "cannot write " + path};
  return path;
}

}  // namespace portolan::controller
