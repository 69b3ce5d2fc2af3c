#include "controller/daemon/daemon.h"

#include <random>

#include "controller/api/api.h"
#include "controller/config/signers_file.h"
#include "controller/daemon/authenticator.h"
#include "controller/daemon/daemon_metrics.h"
#include "controller/daemon/fast_path_watch.h"
#include "controller/daemon/free_memory.h"
#include "controller/daemon/loop_thread.h"
#include "controller/daemon/metric_threads.h"
#include "controller/git/git_source.h"
#include "controller/http/server.h"
#include "controller/metrics/providers.h"
#include "controller/reconcile/content_watch.h"
#include "controller/reconcile/raise_queue.h"
#include "controller/regulated/regulated_desk.h"
#include "controller/store/sqlite_store.h"
#include "controller/telemetry/log.h"
#include "controller/validate/process_validators.h"
#include "controller/version.h"
#include "controller/zones/zone_directory.h"

// The composition root. The order of Parts is the order of dependence: what a part refers to
// stands above it, and outlives it. The order of Start is that of trust: the state first, then
// what was live is served again, then the listeners, then the loops that change something; an
// error before the loops leaves nothing behind but an open and closed store.

namespace portolan::controller {
namespace {

// For all sources together: a fetch is cancelled, but a commit that is being read and planned is
// not.
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
  options.verify = source.verify;
  if (!source.signers.empty())
    options.signers = [path = source.signers] { return LoadSigners(path); };
  return OpenGitSource(std::move(options));
}

std::shared_ptr<const People> PeopleOf(const std::optional<TokenSet>& tokens) {
  if (!tokens) return std::make_shared<const People>();
  std::vector<KnownIdentity> known;
  for (const TokenRecord& record : tokens->records())
    known.push_back({"token:" + record.name, record.identities, record.groups, record.expires});
  return std::make_shared<const People>(std::move(known));
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
  settings.audit = config.audit;
  settings.verifies = source.verify != VerifyMode::kNone;
  settings.policy_delay = config.policy_delay;
  settings.policy_owners = config.policy_owners;
  settings.environment = {config.environment.name, config.environment.tier,
                          config.environment.regions};
  return settings;
}

}  // namespace

// In the order in which they depend on each other; destroyed backwards.
struct Daemon::Parts {
  const Clock& clock;
  Logger log;
  std::unique_ptr<SqliteStore> store;
  std::unique_ptr<ControlAuthenticator> authenticator;
  std::shared_ptr<const People> people;
  mapcore::Catalog catalog;
  EventSignal signal;
  mapcore::FastPaths fast_paths;
  FastPathWatch fast_path_watch{
      fast_paths, [this] {
        log.Log(LogLevel::kError, "a fast path of the hash maps failed its self-check: it is off",
                {});
      }};
  DaemonMetrics metrics;
  std::unique_ptr<VersionCache> versions;
  std::unique_ptr<RolloutReconciler> rollouts;
  std::unique_ptr<ProcessValidators> validators;
  std::unique_ptr<RegulatedDesk> desk;       // null: nobody answers for regulated maps
  std::unique_ptr<BindingPolicies> binding;  // null: each source has policies of its own
  std::vector<std::unique_ptr<reconciler::GitSource>> gits;
  std::vector<std::unique_ptr<SourceReconciler>> sources;
  std::unique_ptr<RaiseQueue> raises;
  std::unique_ptr<ContentWatch> contents;
  std::unique_ptr<Api> api;
  std::unique_ptr<Router> router;
  std::unique_ptr<MetricWorker> measurer;
  std::unique_ptr<MetricThreads> measuring;
  std::unique_ptr<LoopThread> control;
  std::vector<std::unique_ptr<LoopThread>> followers;
  std::unique_ptr<LoopThread> judging;
  std::unique_ptr<LoopThread> asking;
  std::unique_ptr<LoopThread> hashing;
  std::vector<std::unique_ptr<HttpServer>> servers;

  explicit Parts(const Clock& machine)
      : clock(machine), log(machine, LogLevel::kInfo, WriteToStderr) {}

  void MakeRollouts(const DaemonConfig& config);
  void SweepVersions();
  RaiseQueue::Findings Judge(const reconciler::Rollout& rollout, WallTime now) const;
  Status MakeMeasurer(const DaemonConfig& config);
  Status MakeDesk(const DaemonConfig& config);
  void AddSource(const DaemonConfig& config, const SourceConfig& source, std::uint64_t seed);
  void MakeApi(const DaemonConfig& config);
  Duration TurnRollouts(const Now& now);
  void StartLoops();
  Status Listen(const Endpoint& endpoint, bool insecure);
  void Record(reconciler::Event event);
};

void Daemon::Parts::MakeRollouts(const DaemonConfig& config) {
  RolloutReconciler::Hooks hooks;
  // Called on the control loop's thread; it only marks the source, for that one waits for this
  // loop (Wish) and must never be waited for.
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
  hooks.ask_policies = [this](RaiseQueue::RolloutPtr rollout) { raises->Ask(std::move(rollout)); };
  if (!config.windows.empty())
    hooks.freeze = [windows = config.windows](const std::string& map, WallTime now) {
      return reconciler::FreezeAt(windows, map, now, SystemZones());
    };
  rollouts = std::make_unique<RolloutReconciler>(*store, *versions, catalog, std::move(hooks));
  raises = std::make_unique<RaiseQueue>(RaiseQueue::Hooks{
      [this](const reconciler::Rollout& rollout, WallTime now) { return Judge(rollout, now); },
      [this](const reconciler::Rollout& rollout, RaiseQueue::Findings findings) {
        rollouts->Judged(rollout.map, rollout.target->plan, std::move(findings));
      }});
  contents = std::make_unique<ContentWatch>(
      ContentWatch::Hooks{[this] { return rollouts->All(); },
                          [this](const std::string& map) { rollouts->CheckContent(map); },
                          [this] { return clock.now().mono; }});
}

// A map whose source is no longer configured is judged by nobody, and keeps its weight.
RaiseQueue::Findings Daemon::Parts::Judge(const reconciler::Rollout& rollout, WallTime now) const {
  for (const auto& source : sources)
    if (source->name() == rollout.source) return source->JudgeRaise(rollout, now);
  return {{"policies", std::string(reconciler::kHardLevel),
           "source \"" + rollout.source + "\" is not configured, so nothing judges its maps"}};
}

// Versions that only plans name any more: never taken up, or out of a history that is full. A plan
// stays readable without its versions, and what a source wants next it stores again. After Restore,
// which has read every rollout: nothing is removed by records that this program cannot read. Disk
// that stays taken is no reason not to serve.
void Daemon::Parts::SweepVersions() {
  const auto removed = store->SweepBlobs("plan/");
  if (!removed.ok()) return log.Log(LogLevel::kWarning, removed.error().message);
  if (*removed > 0)
    log.Log(LogLevel::kInfo, "removed versions that no map names any more",
            {{"versions", *removed}});
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

Status Daemon::Parts::MakeDesk(const DaemonConfig& config) {
  if (!config.regulated) return {};
  const RegulatedConfig& regulated = *config.regulated;
  HttpClient::Options options;
  PORTOLAN_TRY(options.endpoint, ParseEndpoint(regulated.address));
  RegulatedDesk::Hooks hooks;
  hooks.post = [client = HttpClient(std::move(options))](const HttpClient::Call& call) {
    return client.Do(call);
  };
  hooks.read_signers = [path = regulated.signers] { return LoadSigners(path); };
  hooks.event = [this](reconciler::Event event) { Record(std::move(event)); };
  desk = std::make_unique<RegulatedDesk>(
      RegulatedDesk::Settings{regulated.webhook, regulated.target, regulated.secret,
                              regulated.deadline, regulated.max_age},
      std::move(hooks));
  return {};
}

// A source's own event: stored, then told.
void Daemon::Parts::Record(reconciler::Event event) {
  event.time = clock.now().wall;
  reconciler::Batch batch;
  // A condition of a source is seen again at the next look; it is not worth an fsync on each.
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
  SourceReconciler::Ports ports{*gits.back(),
                                *store,
                                *versions,
                                *rollouts,
                                [this](reconciler::Event event) { Record(std::move(event)); },
                                validators.get(),
                                desk.get(),
                                binding.get(),
                                [this] {
                                  for (const auto& each : sources) each->PoliciesChanged();
                                }};
  SourceSettings settings = SettingsOf(config, source);
  settings.policies_only = config.policy_source && &source == &*config.policy_source;
  settings.people = people;
  sources.push_back(
      std::make_unique<SourceReconciler>(std::move(settings), std::move(ports), seed));
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
                                  {},
                                  people,
                                  desk.get()});
  api->metrics = [this] {
    std::vector<SourceStatus> statuses;
    for (const auto& source : sources) statuses.push_back(source->status());
    metrics.SetCircuits(measurer->Circuits());
    metrics.SetFastPaths(fast_paths.states());
    if (binding != nullptr && binding->seen_at())
      metrics.SetPolicyAge(binding->source(), clock.now().wall - *binding->seen_at());
    metrics.SetHashMaps(catalog);
    return metrics.Render(*rollouts, statuses);
  };
  router = std::make_unique<Router>(*authenticator, [this](const Request& request,
                                                           const Error& error) {
    log.Log(LogLevel::kError, error.message, {{"request", request.id}, {"route", request.route}});
  });
  AddRoutes(*router, *api);
}

// Measured finer than Clock counts: a round takes less than a millisecond mostly.
Duration Daemon::Parts::TurnRollouts(const Now& now) {
  const std::uint64_t visits = rollouts->visits();
  const auto start = std::chrono::steady_clock::now();
  const Duration rest = rollouts->Process(now);
  if (rollouts->visits() != visits)
    metrics.ObserveRound(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  return rest;
}

void Daemon::Parts::StartLoops() {
  measuring = std::make_unique<MetricThreads>(*measurer, clock);
  control = std::make_unique<LoopThread>(
      clock, LoopThread::Loop{[this](const Now& now) {
                                const Duration unchecked = fast_path_watch.Process(now);
                                return std::min(TurnRollouts(now), unchecked);
                              },
                              [this](Duration duration) { rollouts->Wait(duration); },
                              [this] { rollouts->Wake(); }});
  judging = std::make_unique<LoopThread>(
      clock, LoopThread::Loop{[this](const Now& now) { return raises->Process(now); },
                              [this](Duration duration) { raises->Wait(duration); },
                              [this] { raises->Wake(); }});
  hashing = std::make_unique<LoopThread>(
      clock, LoopThread::Loop{[this](const Now& now) { return contents->Process(now); },
                              [this](Duration duration) { contents->Wait(duration); },
                              [this] { contents->Wake(); }});
  if (desk != nullptr)
    asking = std::make_unique<LoopThread>(
        clock, LoopThread::Loop{[this](const Now& now) { return desk->Process(now); },
                                [this](Duration duration) { desk->Wait(duration); },
                                [this] { desk->Wake(); }});
  for (const auto& each : sources) {
    SourceReconciler* source = each.get();
    auto restored = std::make_shared<bool>(false);
    auto followed = std::make_shared<std::string>();
    followers.push_back(std::make_unique<LoopThread>(
        clock, LoopThread::Loop{[source, restored, followed](const Now& now) {
                                  // On the loop's own thread: a git source belongs to one
                                  // (libgit2's objects, PR_SET_PDEATHSIG).
                                  if (!*restored && !(*restored = source->Restore(now)))
                                    return kSourceWaitMax;
                                  const Duration wait = source->Look(now);
                                  // Reading a commit takes many times what is kept of it.
                                  const std::string commit = source->status().followed;
                                  if (std::exchange(*followed, commit) != commit)
                                    ReturnFreeMemory();
                                  // So that a clock that was set, or a lost notification, costs
                                  // seconds and not a poll of 24 h.
                                  return std::min(wait, kSourceWaitMax);
                                },
                                [source](Duration duration) { source->Wait(duration); },
                                [source] { source->Wake(); }}));
  }
}

Status Daemon::Parts::Listen(const Endpoint& endpoint, bool insecure) {
  HttpServer::Options options;
  options.endpoint = endpoint;
  // Others know this machine by names that it does not know; an address such as 0.0.0.0 is none.
  options.any_host = insecure;
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
  parts->people = PeopleOf(tokens);
  parts->authenticator = std::make_unique<ControlAuthenticator>(std::move(tokens), clock);
  PORTOLAN_TRY(parts->store, OpenSqliteStore(config.state));
  parts->versions = std::make_unique<VersionCache>(*parts->store);
  parts->MakeRollouts(config);
  PORTOLAN_CHECK(parts->rollouts->Restore());
  parts->SweepVersions();
  PORTOLAN_CHECK(parts->MakeMeasurer(config));
  PORTOLAN_CHECK(parts->MakeDesk(config));
  parts->validators = std::make_unique<ProcessValidators>(config.validators);
  std::random_device entropy;
  if (config.policy_source) {
    const reconciler::TargetFacts target = SettingsOf(config, *config.policy_source).environment;
    parts->binding = std::make_unique<BindingPolicies>(config.policy_source->name,
                                                       PolicyGate(target, parts->validators.get()),
                                                       config.max_policy_age);
    parts->AddSource(config, *config.policy_source, entropy());
  }
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

// Fetches end before the servers: a worker of theirs may wait for a look at a source (`sync`). The
// servers end before the loops: whoever waits for an answer of a loop gets it.
bool Daemon::Stop() {
  for (const auto& git : parts_->gits) git->Cancel();
  for (const auto& server : parts_->servers) server->Stop();
  for (const auto& follower : parts_->followers) follower->RequestStop();
  const Duration until = parts_->clock.now().mono + kSourceStopPatience;
  bool ended = true;
  for (const auto& follower : parts_->followers) {
    const Duration left = until - parts_->clock.now().mono;
    ended = follower->EndsWithin(std::max(left, Duration(0))) && ended;
  }
  if (!ended) return false;
  if (parts_->desk != nullptr) parts_->desk->Stop();
  parts_->asking.reset();
  parts_->followers.clear();
  parts_->judging.reset();
  parts_->hashing.reset();
  parts_->control.reset();
  return true;
}

}  // namespace portolan::controller
