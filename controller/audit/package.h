#pragma once

#include <map>
#include <string>

#include "mapcore/base/result.h"

namespace portolan::controller {

// The files of an audit package by path, '/' between folders (docs/policies.md, "Audit packages").
using PackageFiles = std::map<std::string, std::string>;

inline constexpr std::string_view kChecksumsFile = "checksums.txt";
constexpr std::size_t kPackageBytesMax = std::size_t{512} << 20;

// Adds checksums.txt, which covers every other file: lines as sha256sum(1) writes and checks them.
void SealPackage(PackageFiles& files);
// That checksums.txt names exactly the other files, with their content. Errors: kCorrupt, naming
// the first file that does not fit.
Status CheckSeal(const PackageFiles& files);

// Writes the package to `path`: a tar archive (POSIX ustar) when the name ends with .tar, else a
// new folder. Errors: kConflict when something is there already; kInvalid for a path longer than
// ustar's; kUnavailable.
Status WritePackage(const std::string& path, const PackageFiles& files);
// Reads what WritePackage wrote, from either. Errors: kNotFound, kUnavailable, kExhausted past
// kPackageBytesMax, kCorrupt for an archive that is damaged, or with links and other specials.
Result<PackageFiles> ReadPackage(const std::string& path);

// The archive's bytes, and back. Equal files make equal bytes: no time, no owner.
Result<std::string> WriteTar(const PackageFiles& files);
Result<PackageFiles> ReadTar(std::string_view bytes);

}  // namespace portolan::controller
