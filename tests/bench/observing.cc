#include <fmt/core.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "lab/nl/link.hpp"
#include "lab/nl/route.hpp"
#include "lab/observe/monitor.hpp"
#include "lab/run/history.hpp"
#include "lab/sys/error.hpp"
#include "lab/sys/process.hpp"
#include "tests/bench/plain_nodes.hpp"

/// What observing a lab of 20 namespaces costs, as a share of one core: the monitors of all of them and the
/// history that they are written to, as a lab's supervisor has them; what the kernel needs to tell of a
/// change (the same changes made with and without observers); and the probe of the machine's own lateness.
/// The claim: less than 5 % together, while the lab is idle and while it changes as in a scenario.
namespace {

using namespace lblab;
namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr int namespaces = 20;
constexpr double allowed_percent = 5;

/// Of the calling thread.
Seconds cpu_time() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

Seconds cpu_of_children() {
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  Seconds sum{};
  for (const timeval& t : {usage.ru_utime, usage.ru_stime})
    sum += std::chrono::seconds(t.tv_sec) + std::chrono::microseconds(t.tv_usec);
  return sum;
}

/// Changes a second, of the lab as a whole.
struct Load {
  const char* name;
  int routes = 0, links = 0;
  bool is_claimed = true;  // or only shown
};

/// Changes routes in one node after the other, and takes and gives the carrier of one after the other.
class Changer {
 public:
  Changer(const bench::PlainNodes& lab, const Load& load) : load_(load), fabric_(lab.netns("fabric")) {
    for (int n = 1; n < namespaces; ++n) nodes_.emplace_back(lab.netns("n" + std::to_string(n)));
  }

  /// The CPU that the changes cost whoever makes them.
  Seconds run(Clock::time_point end) {
    const auto before = cpu_time();
    asio::io_context io;
    asio::steady_timer routes{io}, links{io};
    every(routes, load_.routes, end, [this] { change_route(); });
    every(links, load_.links, end, [this] { change_link(); });
    io.run();
    return cpu_time() - before;
  }

 private:
  template <class Change>
  static void every(asio::steady_timer& timer, int a_second, Clock::time_point end, Change change) {
    if (a_second == 0) return;
    const auto at =
        std::max(timer.expiry(), Clock::now()) + std::chrono::nanoseconds(std::nano::den / a_second);
    if (at > end) return;
    timer.expires_at(at);
    timer.async_wait([&timer, a_second, end, change](const boost::system::error_code&) {
      change();
      every(timer, a_second, end, change);
    });
  }

  /// There, by another way, and gone again.
  void change_route() {
    const auto turn = routes_changed_++;
    auto& node = nodes_[turn / 3 % nodes_.size()];
    nl::Route route{.destination = sys::Prefix::parse("192.0.2.0/24").value(), .protocol = RTPROT_BGP};
    route.next_hops = {{.via = sys::Address::parse(turn % 3 == 0 ? "10.77.0.2" : "10.77.0.3").value()}};
    if (turn % 3 == 2)
      node.request("delete a route", nl::delete_route(route));
    else
      node.request("set a route", nl::replace_route(route));
  }

  void change_link() {
    const auto turn = links_changed_++;
    const auto node = 1 + turn / 2 % nodes_.size();
    fabric_.request("set a link", nl::set_link({.name = "p" + std::to_string(node), .up = turn % 2 == 1}));
  }

  Load load_;
  nl::Socket fabric_;
  std::vector<nl::Socket> nodes_;
  std::size_t routes_changed_ = 0, links_changed_ = 0;
};

/// As a lab's supervisor observes (run/running_lab), and a scenario reads what it wrote.
class Observer {
 public:
  Observer(const bench::PlainNodes& lab, const std::string& folder)
      : history_(io_.get_executor(), folder + "/events.jsonl") {
    watch(lab, "fabric");
    for (int n = 1; n < namespaces; ++n) watch(lab, "n" + std::to_string(n));
  }

  Seconds run(Clock::time_point end) {
    const auto before = cpu_time();
    asio::steady_timer timer{io_, end};
    timer.async_wait([this](const boost::system::error_code&) { io_.stop(); });
    io_.run();
    return cpu_time() - before;
  }
  std::size_t events() const { return history_.lines().size() - initial_; }

 private:
  void watch(const bench::PlainNodes& lab, const std::string& host) {
    monitors_.emplace_back(io_.get_executor(), host, lab.netns(host), [this](const observe::Event& event) {
      history_.append(to_json(event));
      is_read_ = is_read_ && nlohmann::json::parse(history_.lines().back()).is_object();
    });
    initial_ = history_.lines().size();
  }

  asio::io_context io_;
  run::History history_;
  std::vector<observe::Monitor> monitors_;
  std::size_t initial_ = 0;
  bool is_read_ = true;
};

struct Cost {
  double observer = 0, kernel = 0, lateness = 0;  // percent of one core
  std::size_t events = 0;
  double all() const { return observer + kernel + lateness; }
};

class Bench {
 public:
  Bench(const bench::PlainNodes& lab, std::string folder, Seconds length)
      : lab_(lab), folder_(std::move(folder)), length_(length) {}

  Cost measure(const Load& load) {
    Cost cost;
    const double unobserved = percent(changes(load, Clock::now() + length()));
    auto lateness = lateness_probe();
    const auto children = cpu_of_children();
    Observer observer{lab_, folder_};
    const auto end = Clock::now() + length();
    double observed = 0;
    std::jthread changer{[&] { observed = percent(changes(load, end)); }};
    cost.observer = percent(observer.run(end));
    changer.join();
    lateness.signal(SIGTERM);
    lateness.wait();
    cost.lateness = percent(cpu_of_children() - children);
    cost.kernel = std::max(0.0, observed - unobserved);
    cost.events = observer.events();
    return cost;
  }

 private:
  Clock::duration length() const { return std::chrono::duration_cast<Clock::duration>(length_); }
  double percent(Seconds cpu) const { return cpu / length_ * 100; }
  Seconds changes(const Load& load, Clock::time_point end) const { return Changer{lab_, load}.run(end); }
  sys::Process lateness_probe() const {
    return sys::spawn({.argv = {LBLAB_PROBE_PROGRAM, "jitter", "--record", folder_ + "/jitter"}});
  }

  const bench::PlainNodes& lab_;
  std::string folder_;
  Seconds length_;
};

/// As bring_up: names of namespaces and the history lie in memory, out of others' sight.
void enter_own_mounts() {
  sys::check("make a mount namespace", ::unshare(CLONE_NEWNS));
  sys::check("keep mounts to ourselves", ::mount("none", "/", nullptr, MS_PRIVATE | MS_REC, nullptr));
  sys::check("mount /run", ::mount("tmpfs", "/run", "tmpfs", 0, nullptr));
  std::filesystem::create_directory("/run/bench");
}

}  // namespace

/// The one argument: seconds to observe for, each time.
int main(int argc, char** argv) {
  const Seconds length{argc > 1 ? std::stod(argv[1]) : 10.0};
  enter_own_mounts();
  const std::string folder = "/run/bench";
  const auto lab = bench::by_plan(namespaces - 1, true, folder);
  lab->up();
  Bench bench{*lab, folder, length};
  fmt::print("{} namespaces observed for {:.0f} s each; percent of one core\n", namespaces, length.count());
  bool holds = true;
  for (const Load& load : {Load{"nothing changes"},
                           {"10 changes of routes and 2 of links a second", 10, 2},
                           {"200 changes of routes and 20 of links a second", 200, 20, false}}) {
    const auto cost = bench.measure(load);
    fmt::print(
        "  {:<47} {:6.2f} = {:.2f} supervisor + {:.2f} kernel + {:.2f} lateness probe ({:.0f} events/s)\n",
        load.name, cost.all(), cost.observer, cost.kernel, cost.lateness,
        static_cast<double>(cost.events) / length.count());
    holds = holds && (!load.is_claimed || cost.all() < allowed_percent);
  }
  fmt::print("less than {} % while nothing or little changes: {}\n", allowed_percent, holds ? "yes" : "NO");
  return holds ? 0 : 1;
}
