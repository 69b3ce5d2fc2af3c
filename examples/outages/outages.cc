#include "examples/outages/outage.h"

namespace portolan::demo {
namespace {

constexpr std::string_view kStrategy = R"(
  rollout:
    strategy:
      steps:
        - setWeight: 1%
        - pause: {duration: 2s}
        - setWeight: 20%
        - pause: {duration: 1s}
        - setWeight: 100%
      minLookups: 20
      bake: 10s
)";

std::string Manifest(std::string_view name, std::string_view spec) {
  return "apiVersion: portolan/v1\nkind: Map\nmetadata: {name: " + std::string(name) +
         "}\nspec:" + std::string(kStrategy) + std::string(spec);
}

const manifests::Value* At(const Answer& answer, std::string_view key) {
  for (const auto& [name, value] : answer.values)
    if (name == key) return &value;
  return nullptr;
}

// A search engine warns of every page whose address holds a pattern of the list.
std::string WarnsOfEverything(const Answer& answer, Duration) {
  return At(answer, "/") != nullptr ? "every result is flagged as harmful" : "";
}

std::string HasNoRoute(const Answer& answer, Duration) {
  return At(answer, "europe") != nullptr ? "" : "no route is announced";
}

// A bug that had slept for weeks: a host name with a wildcard inside one of its labels.
std::string WakesTheBug(const Answer& answer, Duration) {
  const manifests::Value* host = At(answer, "customer-4711");
  return host != nullptr && host->StringOr("host", "").find("*-") != std::string_view::npos
             ? "the proxy crashed on " + WriteJson(*host)
             : "";
}

// Clients read the limit without looking whether it is there.
std::string DereferencesNothing(const Answer& answer, Duration) {
  const manifests::Value* policy = At(answer, "quota/global");
  return policy != nullptr && policy->StringOr("region", "").empty()
             ? "null pointer while checking the quota"
             : "";
}

// Memory for 200 features was set aside at start.
std::string HasTooManyFeatures(const Answer& answer, Duration) {
  const manifests::Value* model = At(answer, "features");
  const std::size_t count = model == nullptr ? 0 : model->as_array().size();
  return count > 6 ? "panic: " + std::to_string(count) + " features, room for 6" : "";
}

std::string IndexesNil(const Answer& answer, Duration) {
  const manifests::Value* rule = At(answer, "rule/kill-switch");
  return rule != nullptr && rule->StringOr("action", "") == "execute" &&
                 rule->Find("killed") != nullptr
             ? "attempt to index a nil value (execute)"
             : "";
}

constexpr Duration kDormant = std::chrono::seconds(6);

// The process that reads the data crashes a while after it loaded it.
std::string CrashesLater(const Answer& answer, Duration loaded) {
  const manifests::Value* tenant = At(answer, "tenant/9");
  const bool bad = tenant != nullptr && tenant->Find("rules") != nullptr;
  return bad && loaded > kDormant ? "the data plane process crashed" : "";
}

std::string HasNoRecord(const Answer& answer, Duration) {
  return At(answer, "dynamodb.us-east-1") != nullptr ? "" : "the name does not resolve";
}

Outage Google2009() {
  static const std::string good = Manifest(
      "bad-sites", "  entries:\n    malware.example/: harmful\n    phish.example/login: harmful\n");
  return {"google-2009",
          "Google, 31 January 2009",
          "\"/\" came into the list of harmful addresses; every search result was flagged.",
          "googleblog.blogspot.com/2009/01/this-site-may-harm-your-computer-on.html",
          "40 minutes",
          good,
          "phish.example/login: harmful",
          "phish.example/login: harmful\n    /: harmful",
          "Add reported sites",
          {"/", "malware.example/"},
          WarnsOfEverything,
          "RolledBack"};
}

Outage Gce2016() {
  static const std::string good = Manifest("routes",
                                           "  entries:\n    europe: 192.0.2.0/26\n    asia: "
                                           "192.0.2.64/26\n    america: 192.0.2.128/26\n");
  return {"gce-2016",
          "Google Compute Engine, 11 April 2016",
          "a generator lost all IP blocks, and the canary's verdict was lost on the way.",
          "status.cloud.google.com/incident/compute/16007",
          "18 minutes",
          good,
          "  entries:\n    europe: 192.0.2.0/26\n    asia: 192.0.2.64/26\n    america: "
          "192.0.2.128/26\n",
          "  entries: {}\n",
          "Regenerate the IP blocks",
          {"europe"},
          HasNoRoute,
          "Held"};
}

Outage Fastly2021() {
  static const std::string good =
      Manifest("customers",
               "  entries:\n    customer-4711: {host: www.example.com}\n    customer-4712: {host: "
               "shop.example.org}\n");
  return {"fastly-2021",
          "Fastly, 8 June 2021",
          "one customer's valid configuration woke a bug that had been shipped weeks before.",
          "www.fastly.com/blog/summary-of-june-8-outage",
          "49 minutes",
          good,
          "host: www.example.com",
          "host: \"*-www.example.com\"",
          "Customer 4711 edits a host",
          {"customer-4711"},
          WakesTheBug,
          "RolledBack"};
}

Outage GoogleCloud2025() {
  static const std::string good =
      Manifest("quotas", "  entries:\n    quota/global: {region: europe-west1, limit: 1000}\n");
  return {
      "google-cloud-2025",
      "Google Cloud, 12 June 2025",
      "a policy row with blank fields was replicated everywhere in seconds; clients read a null.",
      "status.cloud.google.com/incidents/ow5i3PPK96RduMcb1SsW",
      "7 hours",
      good,
      "region: europe-west1",
      "region: \"\"",
      "Add a quota policy",
      {"quota/global"},
      DereferencesNothing,
      "RolledBack"};
}

Outage Cloudflare202511() {
  static const std::string good = Manifest("bot-model", "  entries:\n    features: [a, b, c, d]\n");
  return {"cloudflare-2025-11",
          "Cloudflare, 18 November 2025",
          "a feature file doubled in size, over the room that clients had for it.",
          "blog.cloudflare.com/18-november-2025-outage",
          "nearly 6 hours",
          good,
          "[a, b, c, d]",
          "[a, b, c, d, a2, b2, c2, d2]",
          "Regenerate the features",
          {"features"},
          HasTooManyFeatures,
          "RolledBack"};
}

Outage Cloudflare202512() {
  static const std::string good =
      Manifest("rules", "  entries:\n    rule/kill-switch: {action: execute, ruleset: managed}\n");
  return {"cloudflare-2025-12",
          "Cloudflare, 5 December 2025",
          "a kill switch went out by the path that skips staging, and met old code.",
          "blog.cloudflare.com/5-december-2025-outage",
          "25 minutes",
          good,
          "ruleset: managed",
          "ruleset: managed, killed: true",
          "Kill the rule that misfires",
          {"rule/kill-switch"},
          IndexesNil,
          "RolledBack"};
}

Outage Azure2025() {
  static const std::string good =
      Manifest("tenants", "  entries:\n    tenant/9: {origin: origin.example.com}\n");
  return {"azure-2025",
          "Azure Front Door, 29 October 2025",
          "data crashed its readers minutes after it was loaded; by then it counted as last known "
          "good.",
          "azure.status.microsoft/en-us/status/history",
          "over 8 hours",
          good,
          "origin: origin.example.com",
          "origin: origin.example.com, rules: [rewrite]",
          "Tenant 9 adds a rule",
          {"tenant/9"},
          CrashesLater,
          "RolledBack",
          kDormant};
}

Outage Aws2025() {
  static const std::string good =
      Manifest("records", "  entries:\n    dynamodb.us-east-1: [192.0.2.1, 192.0.2.2]\n");
  return {"aws-2025",
          "Amazon DynamoDB, 19 October 2025",
          "a slow worker applied an old plan over a newer one, and the record ended up empty.",
          "aws.amazon.com/message/101925",
          "nearly 15 hours",
          good,
          "  entries:\n    dynamodb.us-east-1: [192.0.2.1, 192.0.2.2]\n",
          "  entries: {}\n",
          "An old plan",
          {"dynamodb.us-east-1"},
          HasNoRecord,
          "Held",
          Duration(0),
          "  entries:\n    dynamodb.us-east-1: [192.0.2.2, 192.0.2.3]\n"};
}

std::vector<Outage> MakeOutages() {
  return {Google2009(),       Gce2016(),          Fastly2021(), GoogleCloud2025(),
          Cloudflare202511(), Cloudflare202512(), Azure2025(),  Aws2025()};
}

}  // namespace

std::span<const Outage> Outages() {
  static const std::vector<Outage> outages = MakeOutages();
  return outages;
}

}  // namespace portolan::demo
