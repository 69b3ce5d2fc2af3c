#include "bench/mapcore_processes.h"

#include <cstdio>
#include <filesystem>

namespace portolan::bench {
namespace {

namespace fs = std::filesystem;

struct Known {
  const char* name;
  const char* file;
};
constexpr Known kKnown[] = {{"Boost 1.81 flat", "portolan_bench_boost_flat"},
                            {"Go's map", "portolan_bench_go_map"}};

}  // namespace

std::vector<MapProcess> MapProcesses() {
  const fs::path folder = fs::read_symlink("/proc/self/exe").parent_path();
  std::vector<MapProcess> processes;
  for (const Known& known : kKnown)
    if (fs::exists(folder / known.file))
      processes.push_back({known.name, (folder / known.file).string()});
  return processes;
}

std::optional<MapTimes> MeasureProcess(const MapProcess& process, std::size_t entries) {
  std::FILE* out = popen((process.command + " " + std::to_string(entries)).c_str(), "r");
  if (out == nullptr) return std::nullopt;
  MapTimes t{};
  const int fields =
      std::fscanf(out, "%lf %lf %lf %lf %lf %lf %lf %lf %lf", &t.fill, &t.hit, &t.dependent,
                  &t.miss, &t.iterate, &t.clone, &t.overwrite, &t.erase, &t.bytes);
  if (pclose(out) != 0 || fields != 9) return std::nullopt;
  return t;
}

}  // namespace portolan::bench
