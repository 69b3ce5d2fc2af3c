#include "controller/daemon/daemon.h"

#include <random>

#include "controller/api/api.h"
#include "controller/daemon/authenticator.h"
#include "controller/daemon/daemon_metrics.h"
#include "controller/daemon/free_memory.h"
#include "controller/daemon/loop_thread.h"
#include "controller/daemon/metric_threads.h"
#include "controller/git/git_source.h"
#include "controller/http/server.h"
#include "controller/metrics/providers.h"
#include "controller/store/sqlite_store.h"
#include "controller/telemetry/log.h"
#include "controller/version.h"
#include "reconciler/policy/cel/zone_directory.h"

namespace portolan::controller {
namespace {

constexpr Duration kSourceStopPatience = std::chrono::seconds(3);
constexpr Duration kSourceWaitMax = std::chrono::seconds(10);

std::unique_ptr<reconciler::GitSource> GitSourceOf(const DaemonConfig& config,
                                                   const SourceConfig& source) {
  GitSourceOptions options;
  options.name = source.name;
  options.url = source.url;
  options.branch = source.branch;
  options.path = source.path;
  options.mirror_dir = config.state + "/git/" + source.name;
  options.token = source.token;
  options.ca_file = source.ca_file;
  return OpenGitSource(std::move(options));
}

SourceSettings SettingsOf(const DaemonConfig& config, const SourceConfig& source) {
  SourceSettings settings;
  settings.name = source.name;
  settings.url = source.url;
  settings.branch = source.branch;
  settings.path = source.path;
  settings.poll = source.poll;
  settings.accept_rewrites = source.on_rewrite == OnRewrite::kAccept;
  settings.atomic = source.atomic;
  settings.environment = {config.environment.name, config.environment.tier, {}};
  return settings;
}

}  // namespace

// In the order in which they depend on each other; destroyed backwards.
struct Daemon::Parts {
  const Clock& clock;
  Logger log;
  std::unique_ptr<SqliteStore> store;
  std::unique_ptr<ControlAuthenticator> authenticator;
  mapcore::Catalog catalog;
  EventSignal signal;
  DaemonMetrics metrics;
  std::unique_ptr<VersionCache> versions;
  std::unique_ptr<RolloutReconciler> rollouts;
  std::vector<std::unique_ptr<reconciler::GitSource>> gits;
  std::vector<std::unique_ptr<SourceReconciler>> sources;
  std::unique_ptr<Api> api;
  std::unique_ptr<Router> router;
  std::unique_ptr<MetricWorker> measurer;
  std::unique_ptr<MetricThreads> measuring;
  std::unique_ptr<LoopThread> control;
  std::vector<std::unique_ptr<LoopThread>> followers;
  std::vector<std::unique_ptr<HttpServer>> servers;

  explicit Parts(const Clock& machine)
      : clock(machine), log(machine, LogLevel::kInfo, WriteToStderr) {}

  void MakeRollouts(const DaemonConfig& config);
  Status MakeMeasurer(const DaemonConfig& config);
  void AddSource(const DaemonConfig& config, const SourceConfig& source, std::uint64_t seed);
  void MakeApi(const DaemonConfig& config);
  void StartLoops();
  Status Listen(const Endpoint& endpoint, bool insecure);
  void Record(reconciler::Event event);
};

void Daemon::Parts::MakeRollouts(const DaemonConfig& config) {
  RolloutReconciler::Hooks hooks;
  hooks.replan = [this](const std::string& source, const std::string& map) {
    for (const auto& each : sources)
      if (each->name() == source) each->Replan(map);
  };
  hooks.event = [this](const reconciler::Event& event) {
    metrics.Count(event);
    log.Log(LogLevel::kInfo, event.message,
            {{"map", event.map}, {"reason", event.reason}, {"actor", event.actor}});
    signal.Notify();
  };
  hooks.fault = [this](const std::string& map, const Error& error) {
    log.Log(LogLevel::kError, error.message,
            {{"map", map}, {"code", std::string(ErrorCodeName(error.code))}});
  };
  hooks.measure = [this](std::vector<reconciler::MeasurementRequest> requests) {
    measurer->Ask(std::move(requests));
  };
  if (!config.windows.empty())
    hooks.freeze = [windows = config.windows](const std::string& map, WallTime now) {
      static const auto kZones = reconciler::cel::ZoneDirectory::Open();
      return reconciler::FreezeAt(windows, map, now, kZones.ok() ? kZones->get() : nullptr);
    };
  rollouts = std::make_unique<RolloutReconciler>(*store, *versions, catalog, std::move(hooks));
}

Status Daemon::Parts::MakeMeasurer(const DaemonConfig& config) {
  PORTOLAN_TRY(auto providers, MakeProviders(config.metric_providers));
  MetricWorker::Hooks hooks;
  hooks.answer = [this](reconciler::Measurement measurement) {
    rollouts->Measured(std::move(measurement));
  };
  hooks.count = [this](const std::string& provider, std::string_view outcome) {
    metrics.CountMeasurement(provider, outcome);
  };
  measurer = std::make_unique<MetricWorker>(std::move(providers), clock, std::move(hooks));
  return {};
}

// A source's own event: stored, then told.
void Daemon::Parts::Record(reconciler::Event event) {
  event.time = clock.now().wall;
  reconciler::Batch batch;
  batch.sync = false;
  batch.events.push_back(event);
  if (const auto stored = store->Commit(batch); !stored.ok())
    log.Log(LogLevel::kError, stored.error().message, {{"source", event.source}});
  metrics.Count(event);
  log.Log(event.type == "Normal" ? LogLevel::kInfo : LogLevel::kWarning, event.message,
          {{"source", event.source}, {"reason", event.reason}});
  signal.Notify();
}

void Daemon::Parts::AddSource(const DaemonConfig& config, const SourceConfig& source,
                              std::uint64_t seed) {
  gits.push_back(GitSourceOf(config, source));
  SourceReconciler::Ports ports{*gits.back(), *store, *versions, *rollouts,
                                [this](reconciler::Event event) { Record(std::move(event)); }};
  sources.push_back(
      std::make_unique<SourceReconciler>(SettingsOf(config, source), std::move(ports), seed));
}

void Daemon::Parts::MakeApi(const DaemonConfig& config) {
  std::map<std::string, SourceReconciler*> by_name;
  for (const auto& source : sources) by_name[source->name()] = source.get();
  api = std::make_unique<Api>(Api{catalog,
                                  *versions,
                                  *rollouts,
                                  std::move(by_name),
                                  *store,
                                  clock,
                                  signal,
                                  kVersion,
                                  store->id(),
                                  config.environment.name,
                                  clock.now().wall,
                                  config.hook_secret,
                                  {}});
  api->metrics = [this] {
    std::vector<SourceStatus> statuses;
    for (const auto& source : sources) statuses.push_back(source->status());
    metrics.SetCircuits(measurer->Circuits());
    return metrics.Render(*rollouts, statuses);
  };
  router = std::make_unique<Router>(*authenticator, [this](const Request& request,
                                                           const Error& error) {
    log.Log(LogLevel::kError, error.message, {{"request", request.id}, {"route", request.route}});
  });
  AddRoutes(*router, *api);
}

void Daemon::Parts::StartLoops() {
  measuring = std::make_unique<MetricThreads>(*measurer, clock);
  control = std::make_unique<LoopThread>(
      clock, LoopThread::Loop{[this](const Now& now) { return rollouts->Process(now); },
                              [this](Duration duration) { rollouts->Wait(duration); },
                              [this] { rollouts->Wake(); }});
  for (const auto& each : sources) {
    SourceReconciler* source = each.get();
    auto restored = std::make_shared<bool>(false);
    auto followed = std::make_shared<std::string>();
    followers.push_back(std::make_unique<LoopThread>(
        clock, LoopThread::Loop{[source, restored, followed](const Now& now) {
                                  if (!std::exchange(*restored, true)) source->Restore(now);
                                  const Duration wait = source->Look(now);
                                  // Reading a commit takes many times what is kept of it.
                                  const std::string commit = source->status().followed;
                                  if (std::exchange(*followed, commit) != commit)
                                    ReturnFreeMemory();
                                  return std::min(wait, kSourceWaitMax);
                                },
                                [source](Duration duration) { source->Wait(duration); },
                                [source] { source->Wake(); }}));
  }
}

Status Daemon::Parts::Listen(const Endpoint& endpoint, bool insecure) {
  HttpServer::Options options;
  options.endpoint = endpoint;
  if (insecure) options.host_names.push_back(endpoint.host);
  auto server = std::make_unique<HttpServer>(
      options, [this](Request& request) { return router->Serve(request); });
  PORTOLAN_CHECK(server->Start());
  servers.push_back(std::move(server));
  return {};
}

Daemon::Daemon(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Daemon::~Daemon() {
  Stop();
}

Result<std::unique_ptr<Daemon>> Daemon::Start(const DaemonConfig& config, const Clock& clock) {
  auto parts = std::make_unique<Parts>(clock);
  std::optional<TokenSet> tokens;
  if (!config.tokens.empty()) {
    PORTOLAN_TRY(tokens, LoadTokens(config.tokens));
  }
  parts->authenticator = std::make_unique<ControlAuthenticator>(std::move(tokens), clock);
  PORTOLAN_TRY(parts->store, OpenSqliteStore(config.state));
  parts->versions = std::make_unique<VersionCache>(*parts->store);
  parts->MakeRollouts(config);
  PORTOLAN_CHECK(parts->rollouts->Restore());
  PORTOLAN_CHECK(parts->MakeMeasurer(config));
  std::random_device entropy;
  for (const SourceConfig& source : config.sources) parts->AddSource(config, source, entropy());
  parts->MakeApi(config);
  PORTOLAN_TRY(const Endpoint control, ParseEndpoint(config.listen.control));
  PORTOLAN_CHECK(parts->Listen(control, config.listen.insecure));
  if (!config.listen.socket.empty()) {
    PORTOLAN_TRY(const Endpoint socket, ParseEndpoint("unix://" + config.listen.socket));
    PORTOLAN_CHECK(parts->Listen(socket, false));
  }
  parts->StartLoops();
  return std::unique_ptr<Daemon>(new Daemon(std::move(parts)));
}

std::vector<std::string> Daemon::addresses() const {
  std::vector<std::string> addresses;
  for (const auto& server : parts_->servers) addresses.push_back(server->address());
  return addresses;
}

bool Daemon::Stop() {
  for (const auto& server : parts_->servers) server->Stop();
  for (const auto& follower : parts_->followers) follower->RequestStop();
  bool ended = true;
  for (const auto& follower : parts_->followers)
    ended = follower->EndsWithin(kSourceStopPatience) && ended;
  if (!ended) return false;
  parts_->followers.clear();
  parts_->control.reset();
  return true;
}

}  // namespace portolan::controller
