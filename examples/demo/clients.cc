#include "examples/demo/clients.h"

#include "reconciler/analysis/evidence.h"
#include "reconciler/analysis/subject_sketch.h"

namespace portolan::demo {
namespace {

using manifests::Value;

std::string SubjectName(int subject) {
  return "tenant-" + std::to_string(subject);
}

std::string HashText(int subject) {
  return Sha256Of(SubjectName(subject)).Hex().substr(0, 16);
}

Duration MonoNow() {
  return std::chrono::floor<Duration>(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace

Backend DaemonBackend(const Workshop& workshop, std::string map, std::vector<std::string> keys) {
  const auto look_up = [&workshop, map, keys](const std::string& subject) -> Result<Answer> {
    Value body;
    body.Set("keys", Value::Array(keys.begin(), keys.end()));
    body.Set("subject", subject);
    PORTOLAN_TRY(const Value found,
                 workshop.Call("POST", "/v1/maps/" + map + "/lookup", WriteJson(body)));
    const Value* values = found.Find("values");
    if (values == nullptr) return Error{ErrorCode::kInternal, "an answer without values"};
    return Answer{std::string(found.StringOr("arm", "")), std::string(found.StringOr("digest", "")),
                  found.IntOr("step", 0), values->as_object()};
  };
  const auto report = [&workshop](const Value& items, const std::string& instance,
                                  std::uint64_t batch) {
    Value body;
    body.Set("instance", instance);
    body.Set("batch", batch);
    body.Set("items", items);
    // A lost report is less evidence, nothing worse: silence never promotes.
    const auto reported = workshop.Report(WriteJson(body));
    return reported.ok() ? reported->retry_after : Duration(0);
  };
  return {look_up, report};
}

Clients::Clients(Backend backend, Options options)
    : backend_(std::move(backend)), options_(std::move(options)) {
  for (int i = 0; i < options_.services; ++i)
    threads_.emplace_back([this, i] {
      Service service{.name = "service-" + std::to_string(i),
                      .random = Random(static_cast<std::uint64_t>(i) + 1)};
      Serve(std::move(service));
    });
}

Clients::~Clients() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  ended_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

Clients::Seen Clients::Take() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(seen_, {});
}

void Clients::Serve(Service service) {
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, options_.pause, [this] { return stop_; })) {
    lock.unlock();
    LookUp(service);
    if (MonoNow() >= service.next_report) Report(service);
    lock.lock();
  }
}

void Clients::LookUp(Service& service) {
  const int subject =
      static_cast<int>(service.random.Below(static_cast<std::uint64_t>(options_.subjects)));
  const auto answer = backend_.look_up(SubjectName(subject));
  if (!answer.ok()) return;  // a service that cannot ask keeps what it has: neither good nor bad
  const Duration now = MonoNow();
  const Duration loaded = now - service.loaded.emplace(answer->digest, now).first->second;
  const std::string complaint = options_.complaint(*answer, loaded);
  const bool works = complaint.empty();
  const TallyKey key(answer->arm, answer->digest, answer->step);
  Tally& tally = service.tallies[key];
  ++tally.lookups;
  if (service.known[key].insert(subject).second) tally.new_subjects.insert(subject);
  if (!works) {
    ++tally.bad;
    tally.bad_subjects.insert(subject);
    tally.sample = SubjectName(subject) + ": " + complaint;
  }
  const std::scoped_lock lock(mutex_);
  Arm& seen = answer->arm == "canary" ? seen_.canary : seen_.stable;
  ++seen.lookups;
  seen.subjects.insert(subject);
  if (works) return;
  ++seen.failed;
  seen.failed_subjects.insert(subject);
}

Value Clients::TakeItems(Service& service) const {
  Value::Array items;
  for (const auto& [key, tally] : service.tallies) {
    const auto& [arm, digest, step] = key;
    Value item;
    item.Set("map", options_.map);
    item.Set("digest", digest);
    item.Set("arm", arm);
    item.Set("step", step);
    item.Set("lookups", tally.lookups);
    // The same subject asks several services: sketches count it once.
    reconciler::SubjectSketch subjects;
    for (const int subject : tally.new_subjects)
      subjects.Add(reconciler::SubjectHash(SubjectName(subject)));
    item.Set("subjects", Value::Object{{"hll", Value(subjects.ToBase64())}});
    if (tally.bad > 0) {
      Value::Array hashes;
      for (const int subject : tally.bad_subjects) hashes.emplace_back(HashText(subject));
      Value errors;
      errors.Set("count", tally.bad);
      errors.Set("subjectHashes", std::move(hashes));
      item.Set("bad", Value::Object{{"errors", std::move(errors)}});
      item.Set("samples", Value::Array{Value(tally.sample)});
    }
    items.push_back(std::move(item));
  }
  service.tallies.clear();
  return Value(std::move(items));
}

// What the daemon has no room for is kept and sent again under its number; what happens meanwhile
// goes into the next batch.
void Clients::Report(Service& service) {
  service.next_report = MonoNow() + options_.report_every;
  if (!service.unsent) {
    Value items = TakeItems(service);
    if (items.as_array().empty()) return;
    service.unsent = std::move(items);
    ++service.batch;
  }
  const Duration wait = backend_.report(*service.unsent, service.name, service.batch);
  if (wait > Duration(0))
    service.next_report = MonoNow() + wait;
  else
    service.unsent.reset();
}

}  // namespace portolan::demo
