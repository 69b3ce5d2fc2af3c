#include "controller/audit/audit_check.h"

#include "tests/controller/api/audited_plan.h"

namespace portolan::controller {
namespace {

class AuditCheckTest : public AuditedPlanTest {
 protected:
  AuditCheckTest() {
    const manifests::Value body = Json(Serve("GET", "/v1/plans/" + plan + "/audit"));
    for (const auto& [path, bytes] : body.Find("files")->as_object())
      package[path] = bytes.as_string();
    SealPackage(package);
  }
  std::string Refusal(PackageFiles files, bool seal = true) const {
    if (seal) SealPackage(files);
    const auto checked = CheckPackage(files, &signers);
    return checked.ok() ? "accepted" : checked.error().message;
  }
  // The package with a text of one of its files replaced.
  PackageFiles With(const std::string& path, const std::string& from, const std::string& to) const {
    PackageFiles files = package;
    const std::size_t at = files.at(path).find(from);
    EXPECT_NE(at, std::string::npos) << path << " has no " << from;
    if (at != std::string::npos) files.at(path).replace(at, from.size(), to);
    return files;
  }

  PackageFiles package;
};

TEST_F(AuditCheckTest, APackageOfTheDaemonVerifiesWithoutIt) {
  const auto checked = CheckPackage(package, &signers);
  ASSERT_TRUE(checked.ok()) << checked.error().message;
  EXPECT_EQ(checked->plan, plan);
  EXPECT_EQ(checked->map, "flags");
  EXPECT_TRUE(checked->unverified.empty());
  std::string all;
  for (const std::string& line : checked->verified) all += line + "\n";
  for (const char* part : {"identity.json has the plan's digest", "base.json has the digest",
                           "the files of commit bbbbbbb make that plan",
                           "policies/ have the digest", "5 verdicts are the same when judged anew",
                           "events are a chain", "the approval by token:root is of this plan",
                           "the answer to this plan is signed by audit@regulator.example"})
    EXPECT_TRUE(Contains(all, part)) << part << "\n" << all;
}

TEST_F(AuditCheckTest, WithoutSignersTheAnswersSignatureStaysUnverified) {
  const auto checked = CheckPackage(package, nullptr);
  ASSERT_TRUE(checked.ok()) << checked.error().message;
  ASSERT_EQ(checked->unverified.size(), 1u);
  EXPECT_TRUE(Contains(checked->unverified[0], "--signers"));
}

TEST_F(AuditCheckTest, AnyFileThatIsChangedOrMissingIsSeenByItsChecksum) {
  ASSERT_GE(package.size(), 10u);
  for (const auto& [path, bytes] : package) {
    PackageFiles flipped = package;
    flipped[path][bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    EXPECT_TRUE(Contains(Refusal(flipped, false), path == kChecksumsFile ? "" : path)) << path;
    EXPECT_NE(Refusal(flipped, false), "accepted") << path;
    PackageFiles without = package;
    without.erase(path);
    EXPECT_NE(Refusal(without, false), "accepted") << path;
  }
}

TEST_F(AuditCheckTest, AForgedFileIsSeenAlthoughItsChecksumFits) {
  const std::string other = Sha256Of("other").ToString();
  const std::tuple<std::string, std::string, std::string, std::string> cases[] = {
      {"package.json", plan, other, "package.json is of another plan"},
      {"package.json", "\"environment\":\"test\"", "\"environment\":\"prod\"",
       "names another environment"},
      {"identity.json", "\"map\":\"flags\"", "\"map\":\"flagz\"", "is of another plan"},
      {"base.json", "\"a\":1", "\"a\":3", "base.json has the digest"},
      {"plan.json", "\"updated\":1", "\"updated\":2", "plan.json: \""},
      {"plan.json", "\"outcome\":\"allow\"", "\"outcome\":\"waived\"", "judged anew"},
      {"plan.json", "\"tier\":\"prod\"", "\"tier\":\"test\"", "judged anew"},
      {"source/maps/flags.yaml", "{a: 2, b: 1}", "{a: 3, b: 1}", "source/ makes the plan"},
      {"source/strategies/quick.yaml", "5%", "6%", "source/ makes the plan"},
      {"policies/policies/few.yaml", "changed < 10", "changed < 11", "policies/ have the digest"},
      {"approvals.json", "token:root", "token:boss", "no event tells of the approval"},
      {"approvals.json", "BEGIN SSH SIGNATURE-----\\n", "BEGIN SSH SIGNATURE-----\\nAAAA",
       "BadSignature"},
      {"approvals.json", "\\\"decision\\\":\\\"approve", "\\\"decision\\\":\\\"approvE",
       "BadSignature"},
      {"events.jsonl", "token:root", "token:rook", "events.jsonl"}};
  for (const auto& [path, from, to, expected] : cases)
    EXPECT_TRUE(Contains(Refusal(With(path, from, to)), expected)) << path << ": " << from << "\n"
                                                                   << Refusal(With(path, from, to));
}

TEST_F(AuditCheckTest, AMissingEventOrFileIsSeen) {
  PackageFiles files = package;
  std::string& events = files["events.jsonl"];
  const std::size_t second = events.find('\n') + 1;
  events.erase(second, events.find('\n', second) + 1 - second);
  EXPECT_TRUE(Contains(Refusal(files), "events.jsonl")) << Refusal(files);
  for (const char* path :
       {"base.json", "plan.json", "identity.json", "approvals.json", "events.jsonl",
        "source/maps/flags.yaml", "policies/policies/few.yaml"}) {
    files = package;
    files.erase(path);
    EXPECT_NE(Refusal(files), "accepted") << path;
  }
}

TEST_F(AuditCheckTest, AnAnswerThatOthersSignedIsRefused) {
  const TestSshKey eve(directory, "eve");
  const Signers others{eve.Allowed("audit@regulator.example"), {}};
  const auto checked = CheckPackage(package, &others);
  ASSERT_FALSE(checked.ok());
  EXPECT_TRUE(Contains(checked.error().message, "UnknownSigner"));
}

}  // namespace
}  // namespace portolan::controller
