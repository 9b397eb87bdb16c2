#include <fmt/core.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "fixtures/ipvsadm.hpp"
#include "fixtures/netlink_capture.hpp"
#include "fixtures/program.hpp"
#include "lab/nl/link.hpp"
#include "lab/sys/error.hpp"
#include "lab/sys/fd.hpp"
#include "lab/sys/netns.hpp"
#include "lab/sys/process.hpp"
#include "lbcore/ipvs/client.hpp"

/// How fast lbd's way into the kernel is, in a kernel with IPVS:
/// - a table of 1,000 services with 10 real servers each, over netlink and by lbd as a whole, against
///   `ipvsadm --restore` of the same table;
/// - one endpoint that comes or goes: from the moment its file is in place to lbd's word that the kernel has
///   acknowledged the change, against one `ipvsadm` that makes the same change; and how many messages that
///   took.
/// Rounds are interleaved; a ratio is of one round.
namespace {

using namespace lblab;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using Ms = std::chrono::duration<double, std::milli>;
using lbcore::Address;
using lbcore::Table;

constexpr int servers = 10;  // of a service
constexpr int changes = 41;  // odd: the median is one of them

Address service_address(int service) {
  return Address::v4(0x0a010000u + static_cast<std::uint32_t>(service) + 1);
}
Address server_address(int service, int server) {
  return Address::v4(0xac100000u + static_cast<std::uint32_t>(service * (servers + 2) + server) + 1);
}

Table table(int services) {
  Table all;
  for (int s = 0; s < services; ++s) {
    lbcore::VirtualService service{.key = lbcore::ByAddress{service_address(s), 80}, .scheduler = "rr"};
    for (int d = 0; d < servers; ++d)
      service.destinations.push_back(
          {.address = server_address(s, d), .port = 80, .forwarding = lbcore::Forwarding::tunnel});
    all.push_back(std::move(service));
  }
  return all;
}

std::string ipvsadm_rules(int services) {
  std::string rules;
  for (int s = 0; s < services; ++s) {
    const auto service = service_address(s).str();
    rules += fmt::format("-A -t {}:80 -s rr\n", service);
    for (int d = 0; d < servers; ++d)
      rules += fmt::format("-a -t {}:80 -r {}:80 -i -w 1\n", service, server_address(s, d).str());
  }
  return rules;
}

/// With loopback up: without any address IPVS takes no real server for one.
sys::Netns new_namespace() {
  auto made = sys::Netns::create();
  nl::LinkSettings loopback;
  loopback.name = "lo";
  loopback.up = true;
  nl::Socket{made}.request("raise lo", nl::set_link(loopback));
  return made;
}

Ms time_of(const std::function<void()>& work) {
  const auto began = Clock::now();
  work();
  return Clock::now() - began;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.at(values.size() / 2);
}

/// lbd with its files in a folder of its own, in memory.
class Lbd {
 public:
  Lbd(const sys::Netns& inside, int services) {
    std::string pattern = fs::temp_directory_path() / "bench-lbd-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    std::string config = "control: " + folder_ + "/control.sock\nservices:\n";
    for (int s = 0; s < services; ++s) {
      config += fmt::format(
          "- {{name: s{0}, addresses: {1}, port: 80, scheduler: rr, forwarding: tunnel, endpoints: {2}, "
          "health: {{none: true}}}}\n",
          s, service_address(s).str(), path(s));
      write(s, servers);
    }
    sys::write_file(folder_ + "/lbd.yaml", config);
    auto out = sys::make_pipe();
    sys::Command command;
    command.argv = {LBD_PROGRAM, "--config", folder_ + "/lbd.yaml"};
    command.environment = {std::string("PATH=") + sys::standard_path};
    command.namespaces = {inside.fd().get()};
    command.out = out.write.get();
    command.err = 2;
    command.die_with_parent = true;
    ready_after_ = time_of([&] {
      process_.emplace(sys::spawn(command));
      out.write = sys::Fd{};
      events_ = ::fdopen(out.read.release(), "r");
      until(R"({"event":"ready")");
    });
  }
  ~Lbd() {
    process_->signal(SIGKILL);
    process_->wait();
    std::fclose(events_);
    std::free(line_);
    fs::remove_all(folder_);
  }

  Ms ready_after() const { return ready_after_; }

  /// The service's endpoints are so many from now on; what it took until the kernel had acknowledged them.
  Ms change(int service, int endpoints) {
    const auto from = write_beside(service, endpoints);
    return time_of([&] {
      fs::rename(from, path(service));
      until(R"({"event":"table")");
    });
  }

 private:
  std::string path(int service) const { return fmt::format("{}/s{}.json", folder_, service); }

  static std::string slice(int service, int endpoints) {
    std::string listed;
    for (int d = 0; d < endpoints; ++d)
      listed += fmt::format(R"({}{{"addresses": ["{}"]}})", d ? ", " : "", server_address(service, d).str());
    return fmt::format(
        R"({{"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4", )"
        R"("ports": [{{"port": 80}}], "endpoints": [{}]}})",
        listed);
  }
  std::string write_beside(int service, int endpoints) const {
    const auto beside = folder_ + "/next";
    sys::write_file(beside, slice(service, endpoints));
    return beside;
  }
  void write(int service, int endpoints) const {
    fs::rename(write_beside(service, endpoints), path(service));
  }

  void until(std::string_view beginning) {
    while (::getline(&line_, &room_, events_) > 0)
      if (std::string_view(line_).starts_with(beginning)) return;
    throw std::runtime_error("lbd ended");
  }

  std::string folder_;
  std::optional<sys::Process> process_;
  std::FILE* events_ = nullptr;
  char* line_ = nullptr;
  std::size_t room_ = 0;
  Ms ready_after_{};
};

void whole_tables(int services, int rounds) {
  const auto wanted = table(services);
  const auto rules = ipvsadm_rules(services);
  fmt::print("{} services with {} real servers each, from nothing; ms\n", services, servers);
  fmt::print("  {:>12} {:>12} {:>12}\n", "netlink", "lbd", "ipvsadm");
  std::vector<double> by_netlink, by_lbd;
  for (int round = 0; round < rounds; ++round) {
    const auto ours = new_namespace(), lbds = new_namespace(), theirs = new_namespace();
    auto client = ours.within([] { return lbcore::ipvs::Client(); });
    const auto netlink = time_of([&] { client.apply(lbcore::ipvs::reconcile(wanted, {})); });
    const fixtures::Ipvsadm ipvsadm{theirs};
    const auto restore = time_of([&] { ipvsadm.restore(rules); });
    const auto lbd = Lbd(lbds, services).ready_after();
    const fixtures::Ipvsadm at_ours{ours}, at_lbds{lbds};
    if (at_ours.save() != ipvsadm.save() || at_lbds.save() != ipvsadm.save())
      throw std::runtime_error("the tables differ");
    by_netlink.push_back(netlink / restore);
    by_lbd.push_back(lbd / restore);
    fmt::print("  {:12.0f} {:12.0f} {:12.0f}\n", netlink.count(), lbd.count(), restore.count());
  }
  fmt::print("  median ratio to ipvsadm: netlink {:.2f}, lbd from its start to its ready table {:.2f}\n",
             median(by_netlink), median(by_lbd));
}

void single_changes(int services) {
  const auto inside = new_namespace(), theirs = new_namespace();
  const fixtures::Ipvsadm ipvsadm{theirs};
  ipvsadm.restore(ipvsadm_rules(services));
  Lbd lbd(inside, services);
  fixtures::NetlinkCapture capture{inside};
  const int family = fixtures::generic_family("IPVS"), last = services - 1;
  std::vector<double> taken, one_program;
  for (int n = 0; n < changes; ++n) {
    const bool comes = n % 2 == 0;
    taken.push_back(lbd.change(last, comes ? servers + 1 : servers).count());
    const auto line = fmt::format("{} -t {}:80 -r {}:80{}", comes ? "-a" : "-d", service_address(last).str(),
                                  server_address(last, servers).str(), comes ? " -i -w 1" : "");
    one_program.push_back(time_of([&] { ipvsadm.run(line); }).count());
  }
  const auto sent = capture.take();
  const auto writes =
      std::ranges::count_if(sent, [&](const auto& m) { return fixtures::is_ipvs_write(m, family); });
  std::vector<double> ratios;
  for (int n = 0; n < changes; ++n) ratios.push_back(taken[n] / one_program[n]);
  fmt::print(
      "one endpoint of {} service{}: {} changes, {} messages that change something, of {} in all; median "
      "{:.1f} ms "
      "(worst {:.1f}), {:.2f} of an ipvsadm that does the same\n",
      services, services == 1 ? "" : "s", changes, writes, sent.size(), median(taken),
      std::ranges::max(taken), median(ratios));
}

}  // namespace

/// The one argument: how many rounds of whole tables.
int main(int argc, char** argv) {
  whole_tables(1'000, argc > 1 ? std::stoi(argv[1]) : 3);
  single_changes(1);
  single_changes(1'000);
}
