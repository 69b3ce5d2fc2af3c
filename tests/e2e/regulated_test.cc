// A regulated map in a real daemon: the plan is posted to a receiver, whose signed answer lets it
// go live.
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "controller/http/server.h"
#include "tests/controller/signature/test_keys.h"
#include "tests/e2e/rig.h"

namespace portolan::e2e {
namespace {

constexpr char kDoses[] = "doses";

// Takes what is posted to it; the first post fails.
class Receiver {
 public:
  Receiver() : server_(Options(), [this](controller::Request& request) { return Take(request); }) {
    Must(server_.Start());
  }
  std::string address() const { return server_.address(); }
  // The nth post, counted from 0, once it is there.
  manifests::Value Posted(std::size_t index) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::seconds(20), [&] { return bodies_.size() > index; }))
      throw std::runtime_error("nothing was posted");
    return Must(manifests::ParseJson(bodies_[index]));
  }

 private:
  static controller::HttpServer::Options Options() {
    controller::HttpServer::Options options;
    options.endpoint = Must(controller::ParseEndpoint("http://127.0.0.1:0"));
    return options;
  }
  controller::Response Take(const controller::Request& request) {
    const std::scoped_lock lock(mutex_);
    bodies_.push_back(request.body);
    changed_.notify_all();
    controller::Response response;
    response.status = bodies_.size() == 1 ? 503 : 200;
    return response;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> bodies_;
  controller::HttpServer server_;
};

class Regulated : public testing::Test {
 protected:
  Regulated() {
    controller::WriteFile(directory.Path("allowed"), regulator.Allowed("audit@regulator.example"));
    controller::WriteFile(directory.Path("signers.yaml"), "ssh: allowed\n");
    Must(rig.workshop().Configure(
        "branch: main", "regulated: {webhook: \"" + receiver.address() +
                            "/plans\", signers: " + directory.Path("signers.yaml") + "}"));
  }
  void Write(const std::string& entries) {
    Must(rig.workshop().Write("maps/doses.yaml",
                              "apiVersion: portolan/v1\nkind: Map\nmetadata: {name: doses}\nspec:\n"
                              "  class: regulated\n  rollout: {strategy: quick}\n  entries: " +
                                  entries + "\n"));
  }
  // Signs an answer as a person does, and hands it in by the command line.
  Ended Answer(const controller::TestSshKey& key, const std::string& signed_plan,
               const std::string& plan) {
    const std::string text =
        manifests::CanonicalJson(manifests::Value::Object{{"apiVersion", "portolan.answer/v1"},
                                                          {"plan", signed_plan},
                                                          {"map", kDoses},
                                                          {"decision", "approve"},
                                                          {"at", Now()}});
    const std::string file = directory.Path("answer.json");
    controller::WriteFile(file, text);
    controller::WriteFile(file + ".sig", key.Sign(text, "portolan.regulated"));
    return rig.Cli({"approve", plan, "--signed", file});
  }
  static std::string Now() {
    return FormatTime(std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()));
  }
  std::string Phase() { return TextAt(rig.MapStatus(kDoses), "phase"); }

  controller::TestDirectory directory;
  controller::TestSshKey regulator{directory, "regulator"};
  controller::TestSshKey eve{directory, "eve"};
  Receiver receiver;
  Rig rig;
};

TEST_F(Regulated, APlanIsPostedAndWaitsForTheSignedAnswer) {
  Write("{a: 1}");
  rig.Git({"add", "-A"});
  rig.Git({"commit", "-q", "-m", "One"});
  rig.Start();
  rig.Sync();
  // The first post was answered 503 and is repeated.
  EXPECT_EQ(manifests::CanonicalJson(receiver.Posted(0)),
            manifests::CanonicalJson(receiver.Posted(1)));
  const std::string plan = TextAt(receiver.Posted(1), "plan.id");
  EXPECT_EQ(TextAt(rig.AwaitPhase(kDoses, "Held"), "reason"), "ApprovalRequired");

  EXPECT_EQ(rig.Cli({"approve", plan}).exit_code, 0);
  EXPECT_EQ(rig.Cli({"approve", plan, "--despite", "regulated", "--reason", "mine"}).exit_code, 4);
  const Ended unknown = Answer(eve, plan, plan);
  EXPECT_EQ(unknown.exit_code, 4);
  EXPECT_NE(unknown.err.find("UnknownSigner"), std::string::npos) << unknown.err;
  EXPECT_EQ(Phase(), "Held");
  const Ended good = Answer(regulator, plan, plan);
  EXPECT_EQ(good.exit_code, 0) << good.err;
  rig.AwaitPhase(kDoses, "Healthy");

  Write("{a: 2}");
  rig.Commit("Two");
  const std::string next = TextAt(receiver.Posted(2), "plan.id");
  ASSERT_NE(next, plan);
  const Ended replayed = Answer(regulator, plan, next);
  EXPECT_EQ(replayed.exit_code, 4);
  EXPECT_NE(replayed.err.find("OtherPlan"), std::string::npos) << replayed.err;
  EXPECT_EQ(Phase(), "Held");
  EXPECT_EQ(Answer(regulator, next, next).exit_code, 0);
  rig.Drive(kDoses, "Healthy");

  const std::string package = directory.Path("doses.tar");
  const Ended exported = rig.Cli({"audit", "export", "--plan", next, "--out", package});
  ASSERT_EQ(exported.exit_code, 0) << exported.err;
  rig.Kill();
  const Ended verified =
      rig.Cli({"audit", "verify", package, "--signers", directory.Path("signers.yaml")});
  EXPECT_EQ(verified.exit_code, 0) << verified.err;
  EXPECT_NE(verified.out.find("the answer to this plan is signed by audit@regulator.example"),
            std::string::npos)
      << verified.out;
  std::string bytes = controller::ReadFile(package);
  bytes.replace(bytes.find("{a: 2}"), 6, "{a: 3}");
  controller::WriteFile(package, bytes);
  const Ended forged = rig.Cli({"audit", "verify", package});
  EXPECT_EQ(forged.exit_code, 10);
  EXPECT_NE(forged.err.find("source/maps/doses.yaml is not what checksums.txt says of it"),
            std::string::npos)
      << forged.err;
}

}  // namespace
}  // namespace portolan::e2e
