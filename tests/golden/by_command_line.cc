#include <gtest/gtest.h>

#include <filesystem>

#include "tests/controller/cli/cli_harness.h"
#include "tests/controller/git/test_repository.h"
#include "tests/golden/verdict_paths.h"

namespace portolan::golden {
namespace {

namespace fs = std::filesystem;
using controller::CliHarness;
using controller::TestDirectory;
using controller::TestRepository;
using manifests::Value;

class StandingClock final : public Clock {
 public:
  Now now() const override { return {ParseTime(kJudgedAt).value(), Duration(1000)}; }
};

}  // namespace

std::string TextOf(const Value::Array& reports) {
  std::string text;
  // Members in canonical order, as records keep them.
  for (const Value& report : reports)
    text += manifests::WriteJson(*manifests::ParseJson(manifests::CanonicalJson(report)), 2) + "\n";
  return text;
}

std::string ByCommandLine(const Files& base, const Files& head) {
  const TestDirectory directory;
  const TestRepository repository(directory.Path("repository"));
  std::string commit;
  for (const Files* files : {&base, &head}) {
    for (const auto& each : fs::directory_iterator(repository.dir()))
      if (each.path().filename() != ".git") fs::remove_all(each.path());
    for (const auto& [path, text] : *files) {
      fs::create_directories(fs::path(repository.dir() + "/" + path).parent_path());
      repository.Write(path, text);
    }
    repository.Git("add -A");
    commit = repository.CommitIndex();
  }
  const StandingClock clock;
  CliHarness cli;
  cli.env.clock = &clock;
  EXPECT_EQ(cli.Run({"plan", "--repo", repository.dir(), "--base", "HEAD^", "--head", "HEAD",
                     "--environment", "prod-eu", "--tier", "prod", "--regions", "eu-1,eu-2",
                     "--explain", "-o", "json"}),
            0)
      << cli.err();
  const auto plan = manifests::ParseJson(cli.out());
  const Value* reports = plan.ok() ? plan->Find("policies") : nullptr;
  EXPECT_NE(reports, nullptr) << cli.out();
  return reports == nullptr ? "" : TextOf(reports->as_array());
}

}  // namespace portolan::golden
