#include "lab/scenario/act.hpp"

#include <signal.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include "lab/daemons/probe.hpp"
#include "lab/run/snapshot.hpp"
#include "lab/scenario/company.hpp"

namespace lblab::scenario {

namespace asio = boost::asio;
using run::RunningLab;
using Done = asio::awaitable<void>;

namespace {

constexpr std::chrono::seconds connecting_takes{15};

class Act {
 public:
  explicit Act(RunningLab& lab) : lab_(lab) {}

  Done operator()(const model::KillProcess& k) {
    lab_.kill(k.host, k.process, k.signal, k.restart ? model::Restart::after_backoff : model::Restart::never);
    co_return;
  }
  Done operator()(const model::StartProcess& s) {
    lab_.start(s.host, s.process);
    co_return;
  }
  Done operator()(const model::FreezeProcess& f) {
    lab_.freeze(f.host, f.process);
    co_return;
  }
  Done operator()(const model::ThawProcess& t) {
    lab_.thaw(t.host, t.process);
    co_return;
  }
  Done operator()(const model::ReloadProcess& r) {
    lab_.kill(r.host, r.process, SIGHUP, std::nullopt);
    co_return;
  }

  Done operator()(const model::DeletePod& d) {
    const std::set<std::string> hosts{d.pod};
    co_await lab_.take_away(hosts);
  }
  /// First the carrier, then the processes: nobody hears of their end.
  Done operator()(const model::CrashHost& c) {
    set_carriers(c.host, false);
    for (const auto& host : with_pods(c.host))
      if (!lab_.processes().names(host).empty())
        lab_.processes().kill(host, "", SIGKILL, model::Restart::never);
    co_return;
  }
  /// As after a reboot: nothing of what its kernel knew is left.
  Done operator()(const model::RecoverHost& r) {
    const auto& away = lab_.placement().away;
    auto hosts = away.contains(r.host) ? std::set<std::string>{r.host} : with_pods(r.host);
    if (!away.contains(r.host)) co_await lab_.take_away(hosts);
    co_await lab_.put_back(hosts);
  }
  Done operator()(const model::PartitionHost& p) {
    set_carriers(p.host, false);
    co_return;
  }
  Done operator()(const model::HealHost& h) {
    set_carriers(h.host, true);
    co_return;
  }

  Done operator()(const model::SetLinkState& s) {
    lab_.set_carrier(s.host, wire(s.host, s.interface), s.up);
    co_return;
  }
  Done operator()(const model::FlapLink& f) {
    const auto link = wire(f.host, f.interface);
    for (int n = 0; n < f.times; ++n) {
      lab_.set_carrier(f.host, link, false);
      co_await pause(f.period / 2);
      lab_.set_carrier(f.host, link, true);
      if (n + 1 < f.times) co_await pause(f.period / 2);
    }
  }
  Done operator()(const model::ImpairLink& i) {
    using Direction = model::ImpairLink::Direction;
    const auto link = wire(i.host, i.interface);
    if (i.direction != Direction::to) lab_.impair(i.host, link, false, i.impairment);
    if (i.direction != Direction::from) lab_.impair(i.host, link, true, i.impairment);
    co_return;
  }
  Done operator()(const model::RepairLink& r) {
    const auto link = wire(r.host, r.interface);
    for (const bool to : {false, true}) lab_.impair(r.host, link, to, {});
    co_return;
  }

  Done operator()(const model::ScaleService& s) {
    const auto number = [](const std::optional<model::Drawn<int>>& drawn) {
      return drawn ? std::optional<int>{drawn->min} : std::nullopt;
    };
    const auto pods = number(s.pods), load_balancers = number(s.load_balancers);
    co_await lab_.set_replicas(s.service, pods, load_balancers);
  }

  Done operator()(const model::Connect& c) {
    auto argv = daemons::probe::connect_command(address_of(lab_, c.to), connect_port);
    auto namespaces = lab_.namespaces(c.from);
    auto environment = lab_.environment();
    const std::string said = co_await run::output_in(std::move(namespaces), std::move(environment),
                                                     std::move(argv), connecting_takes);
    auto event = nlohmann::json::parse(said, nullptr, false);
    if (!event.is_object()) event = {{"event", "connection"}, {"error", "the probe said nothing"}};
    event["from"] = c.from;
    event["to"] = c.to;
    lab_.history().append(std::move(event));
  }

  Done operator()(const model::Wait&) { co_return; }
  Done operator()(const model::Expectation&) { co_return; }
  Done operator()(const model::Repeat&) { co_return; }
  Done operator()(const model::OneOf&) { co_return; }

 private:
  static Done pause(std::chrono::milliseconds time) {
    asio::steady_timer timer{co_await asio::this_coro::executor, time};
    co_await timer.async_wait(asio::use_awaitable);
  }

  /// The one that is meant when none is named: the first.
  std::string wire(const std::string& host, const std::string& interface) const {
    if (!interface.empty()) return interface;
    const auto wires = lab_.wires(host);
    if (wires.empty()) throw Refused{host + " has no link with another end"};
    return wires.front();
  }

  /// Of the host's own links: those to its pods are inside it.
  void set_carriers(const std::string& host, bool up) {
    for (const auto& link : lab_.wires(host)) lab_.set_carrier(host, link, up);
  }

  std::set<std::string> with_pods(const std::string& host) const {
    auto hosts = lab_.pods_on(host);
    hosts.insert(host);
    return hosts;
  }

  RunningLab& lab_;
};

}  // namespace

Done act(RunningLab& lab, const model::Step& step) {
  Act one{lab};
  co_await std::visit(one, step.what);
}

}  // namespace lblab::scenario
