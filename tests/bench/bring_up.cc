#include <fmt/core.h>
#include <sched.h>
#include <sys/mount.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "lab/sys/error.hpp"
#include "tests/bench/plain_nodes.hpp"
#include "tests/kernel/namespace_watch.hpp"

/// Bringing up and tearing down N plain nodes, against `ip -batch` doing the same: ratios of CPU and of wall
/// time within one run.
namespace {

using namespace lblab;

struct Round {
  bench::Cost up, down;
  double gone_s = 0;  // from released to really gone
};

std::string host(int n) { return n == 0 ? "fabric" : "n" + std::to_string(n); }

Round run(bench::PlainNodes& contender, int nodes, int every, std::vector<nlohmann::json>& pictures) {
  Round round;
  round.up = contender.up();
  for (int n = 0; n <= nodes; n += every) pictures.push_back(seen(contender, host(n)));
  NamespaceWatch watch;
  for (int n = 0; n <= nodes; ++n) watch.add(contender.netns(host(n)));
  const auto start = std::chrono::steady_clock::now();
  round.down = contender.down();
  if (!watch.all_gone_within(std::chrono::seconds(60))) throw std::runtime_error("namespaces live on");
  round.gone_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return round;
}

template <class Get>
double median(std::vector<Round> rounds, Get&& get) {
  std::ranges::sort(rounds, {}, get);
  return get(rounds[rounds.size() / 2]);
}

void print(const char* name, int nodes, const std::vector<Round>& rounds) {
  fmt::print(
      "  {:<16} up: {:6.2f} ms CPU a node, {:7.3f} s wall   down: {:6.3f} ms CPU a node, released {:6.3f} s, "
      "gone {:6.3f} s\n",
      name, median(rounds, [](const Round& r) { return r.up.cpu.count(); }) * 1e3 / nodes,
      median(rounds, [](const Round& r) { return r.up.wall.count(); }),
      median(rounds, [](const Round& r) { return r.down.cpu.count(); }) * 1e3 / nodes,
      median(rounds, [](const Round& r) { return r.down.wall.count(); }),
      median(rounds, [](const Round& r) { return r.gone_s; }));
}

bool compare(int nodes, int repetitions, const std::string& folder) {
  const int every = std::max(1, nodes / 20);  // each look costs ip four programs
  std::vector<Round> plan, unnamed, ip;
  bool equal = true;
  for (int i = 0; i < repetitions; ++i) {
    std::vector<nlohmann::json> by_plan, by_unnamed, by_ip;
    plan.push_back(run(*bench::by_plan(nodes, true, folder), nodes, every, by_plan));
    unnamed.push_back(run(*bench::by_plan(nodes, false, folder), nodes, every, by_unnamed));
    ip.push_back(run(*bench::by_ip(nodes, folder), nodes, every, by_ip));
    equal = equal && by_plan == by_ip && by_unnamed == by_ip;
  }
  fmt::print("N = {}, median of {}\n", nodes, repetitions);
  print("plan", nodes, plan);
  print("plan, unnamed", nodes, unnamed);
  print("ip -batch", nodes, ip);
  auto cpu = [](const Round& r) { return r.up.cpu.count() + r.down.cpu.count(); };
  auto up_cpu = [](const Round& r) { return r.up.cpu.count(); };
  auto wall = [](const Round& r) { return r.up.wall.count(); };
  fmt::print(
      "  ratio to ip -batch: CPU 1/{:.1f} (up alone 1/{:.1f}; unnamed 1/{:.1f}), wall of up 1/{:.1f}; both "
      "ends {}\n",
      median(ip, cpu) / median(plan, cpu), median(ip, up_cpu) / median(plan, up_cpu),
      median(ip, cpu) / median(unnamed, cpu), median(ip, wall) / median(plan, wall),
      equal ? "equal" : "DIFFER");
  return equal;
}

/// Names of namespaces are files: on a file system in memory, as /run is on most machines, and out of others'
/// sight.
void enter_own_mounts() {
  sys::check("make a mount namespace", ::unshare(CLONE_NEWNS));
  sys::check("keep mounts to ourselves", ::mount("none", "/", nullptr, MS_PRIVATE | MS_REC, nullptr));
  sys::check("mount /run", ::mount("tmpfs", "/run", "tmpfs", 0, nullptr));
  sys::check("mount /tmp", ::mount("tmpfs", "/tmp", "tmpfs", 0, nullptr));
}

}  // namespace

int main() {
  enter_own_mounts();
  const std::string folder = "/tmp/state";
  std::filesystem::create_directory(folder);
  bool equal = true;
  for (const auto& [nodes, repetitions] : {std::pair{10, 5}, {100, 3}, {1000, 1}})
    equal = compare(nodes, repetitions, folder) && equal;
  return equal ? 0 : 1;
}
