#include <fmt/core.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "lab/nl/events.hpp"
#include "lab/nl/link.hpp"
#include "lab/sys/error.hpp"
#include "tests/bench/plain_nodes.hpp"

/// Bringing up and tearing down N plain nodes, against `ip -batch` doing the same: ratios of CPU and of wall
/// time within one run.
namespace {

using namespace lblab;

struct Round {
  bench::Cost up, down;
  double gone_s = 0;  // from released to really gone
};

std::string host(int n) { return n == 0 ? "fabric" : "n" + std::to_string(n); }

/// Tells when namespaces have been taken apart, which the kernel does in the background, one after the other:
/// links that lead into the first and the last of them, from one that stays, vanish then. (An id of a
/// namespace vanishes earlier, when the work begins.) The next measurement must not begin before, or it would
/// wait for the same locks.
class TakenApart {
 public:
  void add(const sys::Netns& netns) {
    ++links_;
    const nl::LinkSettings near{.name = "canary" + std::to_string(links_)}, far{.name = "canary"};
    socket_.request("add a link", nl::add_veth(near, far, netns.fd().get()));
  }
  void wait() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (nl::links(socket_).size() > only_loopback_) {
      pollfd wanted{events_.fd().get(), POLLIN, 0};
      if (std::chrono::steady_clock::now() > deadline || ::poll(&wanted, 1, 60'000) <= 0)
        throw std::runtime_error("namespaces live on");
      events_.read([](const nlmsghdr&) {});
    }
  }

 private:
  static constexpr std::array<unsigned, 1> groups_{RTNLGRP_LINK};
  sys::Netns home_ = sys::Netns::create();
  nl::Socket socket_{home_};
  nl::EventSocket events_{home_, groups_};
  const std::size_t only_loopback_ = nl::links(socket_).size();
  int links_ = 0;
};

Round run(bench::PlainNodes& contender, int nodes, int every, std::vector<nlohmann::json>& pictures) {
  Round round;
  round.up = contender.up();
  for (int n = 0; n <= nodes; n += every) pictures.push_back(seen(contender, host(n)));
  TakenApart end;
  for (const int n : {0, 1, nodes}) end.add(contender.netns(host(n)));
  const auto start = std::chrono::steady_clock::now();
  round.down = contender.down();
  end.wait();
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
  struct Contender {
    const char* name;
    std::function<std::unique_ptr<bench::PlainNodes>()> make;
    std::vector<Round> rounds = {};
  };
  std::vector<Contender> contenders{
      {"plan", [&] { return bench::by_plan(nodes, true, folder); }},
      {"plan, unnamed", [&] { return bench::by_plan(nodes, false, folder); }},
      {"ip -batch", [&] { return bench::by_ip(nodes, folder); }},
      {"ip, free sysctls", [&] { return bench::by_ip(nodes, folder, true); }},
  };
  bool equal = true;
  for (int i = 0; i < repetitions; ++i) {
    std::vector<nlohmann::json> first;
    for (auto& contender : contenders) {
      std::vector<nlohmann::json> pictures;
      contender.rounds.push_back(run(*contender.make(), nodes, every, pictures));
      if (first.empty()) first = pictures;
      equal = equal && pictures == first;
    }
  }
  fmt::print("N = {}, median of {}; all ends {}\n", nodes, repetitions, equal ? "equal" : "NOT EQUAL");
  for (const auto& contender : contenders) print(contender.name, nodes, contender.rounds);
  auto cpu = [](const Round& r) { return r.up.cpu.count() + r.down.cpu.count(); };
  auto wall = [](const Round& r) { return r.up.wall.count() + r.down.wall.count(); };
  for (std::size_t ip : {2, 3}) {
    auto ratio = [&](std::size_t plan, auto&& get) {
      return median(contenders[ip].rounds, get) / median(contenders[plan].rounds, get);
    };
    fmt::print(
        "  up and down against {:<16}  plan: CPU 1/{:.1f}, wall 1/{:.1f}; unnamed: CPU 1/{:.1f}, wall "
        "1/{:.1f}\n",
        contenders[ip].name, ratio(0, cpu), ratio(0, wall), ratio(1, cpu), ratio(1, wall));
  }
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
  for (const auto& [nodes, repetitions] : {std::pair{10, 5}, {100, 5}, {1000, 1}})
    equal = compare(nodes, repetitions, folder) && equal;
  return equal ? 0 : 1;
}
