#include "controller/audit/package.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "mapcore/base/digest.h"

namespace portolan::controller {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlock = 512;
constexpr std::size_t kNameMax = 100;
constexpr std::size_t kPrefixMax = 155;
// Offsets and widths of a ustar header (POSIX.1-2017, pax, "ustar Interchange Format").
constexpr std::size_t kSizeAt = 124, kSizeWidth = 12, kSumAt = 148, kSumWidth = 8, kTypeAt = 156,
                      kMagicAt = 257, kPrefixAt = 345;

Error Damaged(const std::string& what) {
  return {ErrorCode::kCorrupt, "the archive is damaged: " + what};
}

// Paths come from outside when a package is read: none may leave its folder.
bool IsPlainPath(std::string_view path) {
  if (path.empty() || path.front() == '/' || path.find('\0') != path.npos) return false;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") return false;
    begin = end + 1;
  }
  return true;
}

std::string Octal(std::uint64_t number, std::size_t width) {
  std::string text(width - 1, '0');
  for (std::size_t at = text.size(); at-- > 0; number /= 8)
    text[at] = static_cast<char>('0' + number % 8);
  return text + '\0';
}

// Its own field counts as blanks.
std::uint64_t SumOf(std::string_view header) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i)
    sum += i >= kSumAt && i < kSumAt + kSumWidth ? ' ' : static_cast<unsigned char>(header[i]);
  return sum;
}

std::optional<std::uint64_t> NumberAt(std::string_view header, std::size_t at, std::size_t width) {
  std::uint64_t number = 0;
  const char* begin = header.data() + at;
  const auto [end, error] = std::from_chars(begin, begin + width, number, 8);
  if (error != std::errc() || end == begin) return std::nullopt;
  return number;
}

std::string TextAt(std::string_view header, std::size_t at, std::size_t width) {
  const std::string_view field = header.substr(at, width);
  return std::string(field.substr(0, field.find('\0')));
}

Result<std::string> HeaderOf(const std::string& path, std::size_t size) {
  std::size_t cut = 0;  // where the prefix ends
  if (path.size() > kNameMax) {
    cut = path.find('/', path.size() - kNameMax - 1);
    if (cut == path.npos || cut > kPrefixMax)
      return Error{ErrorCode::kInvalid,
                   "the path " + path + " is too long for an archive; write a folder instead"};
  }
  std::string header(kBlock, '\0');
  const auto put = [&](std::size_t at, std::string_view text) {
    header.replace(at, text.size(), text);
  };
  put(0, cut == 0 ? path : path.substr(cut + 1));
  put(100, Octal(0644, 8));
  put(108, Octal(0, 8));
  put(116, Octal(0, 8));
  put(kSizeAt, Octal(size, kSizeWidth));
  put(136, Octal(0, 12));
  put(kTypeAt, "0");
  put(kMagicAt, std::string_view("ustar\00000", 8));
  put(kPrefixAt, path.substr(0, cut));
  put(kSumAt, Octal(SumOf(header), kSumWidth - 1) + ' ');
  return header;
}

Status WriteFolder(const fs::path& folder, const PackageFiles& files) {
  for (const auto& [path, bytes] : files) {
    std::error_code error;
    fs::create_directories((folder / path).parent_path(), error);
    std::ofstream file(folder / path, std::ios::binary);
    file << bytes;
    file.close();
    if (error || !file)
      return Error{ErrorCode::kUnavailable, "cannot write " + (folder / path).string()};
  }
  return {};
}

Result<std::string> ReadBytes(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  if (!file) return Error{ErrorCode::kUnavailable, "cannot read " + path.string()};
  return std::move(bytes).str();
}

Result<PackageFiles> ReadFolder(const fs::path& folder) {
  PackageFiles files;
  std::size_t total = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator each(folder, error), end; !error && each != end;
       each.increment(error)) {
    if (each->is_symlink() || !(each->is_directory() || each->is_regular_file()))
      return Error{ErrorCode::kCorrupt, each->path().string() + " is neither a file nor a folder"};
    if (each->is_directory()) continue;
    total += each->file_size();
    if (total > kPackageBytesMax)
      return Error{ErrorCode::kExhausted, "the package is larger than 512 MiB"};
    PORTOLAN_TRY(files[fs::relative(each->path(), folder).generic_string()],
                 ReadBytes(each->path()));
  }
  if (error) return Error{ErrorCode::kUnavailable, "cannot read " + folder.string()};
  return files;
}

}  // namespace

void SealPackage(PackageFiles& files) {
  std::string lines;
  for (const auto& [path, bytes] : files)
    if (path != kChecksumsFile) lines += Sha256Of(bytes).Hex() + "  " + path + "\n";
  files[std::string(kChecksumsFile)] = lines;
}

Status CheckSeal(const PackageFiles& files) {
  const auto seal = files.find(std::string(kChecksumsFile));
  if (seal == files.end())
    return Error{ErrorCode::kCorrupt, std::string(kChecksumsFile) + " is missing"};
  std::map<std::string, std::string> named;
  std::istringstream lines(seal->second);
  for (std::string line; std::getline(lines, line);) {
    if (line.size() < 67 || line.substr(64, 2) != "  ")
      return Error{ErrorCode::kCorrupt, std::string(kChecksumsFile) + ": expected \"HASH  PATH\""};
    named[line.substr(66)] = line.substr(0, 64);
  }
  for (const auto& [path, hash] : named)
    if (!files.contains(path)) return Error{ErrorCode::kCorrupt, path + " is missing"};
  for (const auto& [path, bytes] : files) {
    if (path == kChecksumsFile) continue;
    const auto found = named.find(path);
    if (found == named.end() || found->second != Sha256Of(bytes).Hex())
      return Error{ErrorCode::kCorrupt,
                   path + " is not what " + std::string(kChecksumsFile) + " says of it"};
  }
  return {};
}

Result<std::string> WriteTar(const PackageFiles& files) {
  std::string archive;
  for (const auto& [path, bytes] : files) {
    PORTOLAN_TRY(const std::string header, HeaderOf(path, bytes.size()));
    archive += header + bytes;
    archive.append((kBlock - bytes.size() % kBlock) % kBlock, '\0');
  }
  return archive.append(2 * kBlock, '\0');
}

Result<PackageFiles> ReadTar(std::string_view bytes) {
  PackageFiles files;
  static const std::string kZeros(kBlock, '\0');
  for (std::size_t at = 0;;) {
    if (bytes.size() - at < kBlock) return Damaged("it ends early");
    const std::string_view header = bytes.substr(at, kBlock);
    if (header == kZeros) {
      if (bytes.find_first_not_of('\0', at) != bytes.npos) return Damaged("bytes after its end");
      return files;
    }
    const auto size = NumberAt(header, kSizeAt, kSizeWidth - 1);
    const std::string prefix = TextAt(header, kPrefixAt, kPrefixMax);
    const std::string path = (prefix.empty() ? "" : prefix + "/") + TextAt(header, 0, kNameMax);
    // Links, other kinds and other writers have other headers than the one that we would write.
    const Result<std::string> ours = size ? HeaderOf(path, *size) : Damaged("no size");
    if (!ours.ok() || *ours != header) return Damaged("a header is not as it was written");
    at += kBlock;
    if (!IsPlainPath(path) || files.contains(path)) return Damaged("it holds the path " + path);
    if (*size > bytes.size() - at) return Damaged(path + " ends early");
    files[path] = bytes.substr(at, *size);
    const std::size_t end = at + *size;
    at = end + (kBlock - *size % kBlock) % kBlock;
    if (at > bytes.size() || bytes.substr(end, at - end).find_first_not_of('\0') != bytes.npos)
      return Damaged("bytes after " + path);
  }
}

Status WritePackage(const std::string& path, const PackageFiles& files) {
  std::error_code error;
  if (fs::exists(path, error))
    return Error{ErrorCode::kConflict, path + " is there already; name another"};
  if (!path.ends_with(".tar")) return WriteFolder(path, files);
  PORTOLAN_TRY(const std::string archive, WriteTar(files));
  std::ofstream file(path, std::ios::binary);
  file << archive;
  file.close();
  if (!file) return Error{ErrorCode::kUnavailable, "cannot write " + path};
  return {};
}

Result<PackageFiles> ReadPackage(const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return Error{ErrorCode::kNotFound, "there is no " + path};
  if (fs::is_directory(path, error)) return ReadFolder(path);
  if (fs::file_size(path, error) > kPackageBytesMax || error)
    return Error{ErrorCode::kExhausted, "the package is larger than 512 MiB"};
  PORTOLAN_TRY(const std::string bytes, ReadBytes(path));
  return ReadTar(bytes);
}

}  // namespace portolan::controller
