#include "controller/config/validators_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "controller/config/yaml_file.h"
#include "manifests/fields.h"

namespace portolan::controller {
namespace {

using manifests::Field;
using manifests::MappingDecoder;
using manifests::Report;

constexpr manifests::Range<std::size_t> kNameBytes{1, 63};
constexpr manifests::Range<std::size_t> kArgumentBytes{0, 4096};
constexpr std::size_t kValidatorsMax = 64;
constexpr manifests::Range<std::int64_t> kMemoryMiB{16, 65'536};
constexpr manifests::Range<std::int64_t> kOutputKiB{1, 16'384};
constexpr Duration kDeadlineMin = std::chrono::milliseconds(100);
constexpr Duration kDeadlineMax = std::chrono::minutes(1);
constexpr std::uint64_t kMiB = 1u << 20;
// Go reserves far more address space than it uses; 1 GiB suffices for promtool 2.42 (tried).
constexpr std::uint64_t kPromtoolMemory = 4096 * kMiB;

class ValidatorsReader {
 public:
  explicit ValidatorsReader(const std::string& path)
      : folder_(std::filesystem::absolute(path).parent_path()), report_(path) {}

  Result<std::vector<ValidatorConfig>> Read(const manifests::Node& root) {
    const Field list{&root, {}};
    std::vector<ValidatorConfig> validators;
    std::set<std::string> names;
    if (root.kind != manifests::Node::Kind::kSequence || root.items.size() > kValidatorsMax) {
      report_.Error(list, "expected a list of at most " + std::to_string(kValidatorsMax) +
                              " validators, found " + manifests::Found(root));
      return InvalidFile(report_.Take());
    }
    for (std::size_t i = 0; i < root.items.size(); ++i) {
      const Field item = list.Item(i);
      ValidatorConfig validator = ReadOne(item);
      if (!validator.name.empty() && !names.insert(validator.name).second)
        report_.Error(item, "a second validator named \"" + validator.name + "\"",
                      "give it another name");
      validators.push_back(std::move(validator));
    }
    if (!report_.clean()) return InvalidFile(report_.Take());
    return validators;
  }

 private:
  ValidatorConfig ReadOne(const Field& field) {
    ValidatorConfig validator;
    MappingDecoder decoder(field, report_);
    manifests::SetIf(validator.name,
                     manifests::ReadString(decoder.Require("name"), kNameBytes, report_));
    const Field exec = decoder.Take("exec");
    const Field promtool = decoder.Take("promtool");
    const bool by_promtool = manifests::ReadBool(promtool, report_).value_or(false);
    if (exec) ReadCommand(exec, validator.command);
    if (field.node->kind == manifests::Node::Kind::kMapping &&
        static_cast<bool>(exec) == by_promtool)
      report_.Error(field, "expected either exec, a program and its arguments, or promtool: true");
    if (by_promtool) validator.limits.memory_bytes = kPromtoolMemory;
    ReadLimits(decoder, validator.limits);
    decoder.Finish();
    return validator;
  }

  void ReadLimits(MappingDecoder& decoder, ProcessLimits& limits) {
    const Field deadline = decoder.Take("deadline");
    manifests::SetIf(limits.deadline, manifests::ReadDuration(deadline, report_));
    if (limits.deadline < kDeadlineMin || limits.deadline > kDeadlineMax)
      report_.Error(deadline, "expected a duration from 100ms to 1m, found " +
                                  manifests::Found(*deadline.node));
    // A process that spins uses up its deadline; one with threads gets no more in sum.
    limits.cpu_seconds = static_cast<std::uint64_t>(
        std::chrono::ceil<std::chrono::seconds>(limits.deadline).count());
    if (const auto mib = manifests::ReadInteger(decoder.Take("memoryMiB"), kMemoryMiB, report_))
      limits.memory_bytes = static_cast<std::uint64_t>(*mib) * kMiB;
    if (const auto kib = manifests::ReadInteger(decoder.Take("outputKiB"), kOutputKiB, report_))
      limits.output_bytes = static_cast<std::size_t>(*kib) << 10;
  }

  void ReadCommand(const Field& field, std::vector<std::string>& command) {
    auto words = manifests::ReadStrings(field, kArgumentBytes, report_);
    if (!words) return;
    if (words->empty() || words->front().empty()) {
      report_.Error(field, "expected a program and its arguments, found an empty list");
      return;
    }
    command = *std::move(words);
    command.front() = (folder_ / command.front()).lexically_normal().string();
    struct stat status;
    if (stat(command.front().c_str(), &status) != 0 || access(command.front().c_str(), X_OK) != 0)
      report_.Error(field, "cannot run " + command.front(), "expected a program's path");
    else if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
      report_.Error(field, command.front() + " may be changed by others than its owner",
                    "who can change it decides what goes live: chmod go-w");
  }

  const std::filesystem::path folder_;
  Report report_;
};

}  // namespace

Result<std::vector<ValidatorConfig>> LoadValidators(const std::string& path) {
  PORTOLAN_TRY(const manifests::Node root, ReadYamlFile(path));
  return ValidatorsReader(path).Read(root);
}

}  // namespace portolan::controller
