#include <signal.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lab/apply/host_folder.hpp"
#include "lab/run/running_lab.hpp"

/// What a scenario does to a running lab. Faults are ops too, but never change what is wanted, except for
/// hosts that are away, which the next expand() leaves out.
namespace lblab::run {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

namespace {

constexpr auto company_limit = 60s;
constexpr auto restore_limit = 120s;

}  // namespace

std::optional<RunningLab::End> RunningLab::other_end(const std::string& name, const std::string& link) const {
  for (const auto& [other, peer] : have_.hosts)
    for (const auto& end : peer.links)
      if (const auto* veth = std::get_if<model::Veth>(&end.kind)) {
        if (other == name && end.name == link) return End{veth->peer_host, veth->peer_link};
        if (veth->peer_host == name && veth->peer_link == link) return End{other, end.name};
      }
  return std::nullopt;
}

std::vector<std::string> RunningLab::wires(const std::string& name) const {
  std::vector<std::string> found;
  for (const auto& link : host(name).links)
    if (other_end(name, link.name) && link.master.empty()) found.push_back(link.name);
  return found;
}

void RunningLab::set_carrier(const std::string& name, const std::string& link, bool up) {
  host(name);
  const auto end = other_end(name, link);
  if (!end) throw Refused{name + " has no link " + link + " with another end"};
  history_.append({{"event", "carrier"}, {"host", name}, {"link", link}, {"up", up}});
  kernel_->apply(std::vector<plan::Op>{plan::SetLink{end->host, end->link, up}});
  if (up)
    without_carrier_.erase({name, link});
  else
    without_carrier_.insert({name, link});
}

void RunningLab::freeze(const std::string& name, const std::string& process) {
  kill(name, process, SIGSTOP, std::nullopt);
  frozen_.insert({name, process});
}

void RunningLab::thaw(const std::string& name, const std::string& process) {
  frozen_.erase({name, process});
  kill(name, process, SIGCONT, std::nullopt);
}

void RunningLab::impair(const std::string& name, const std::string& link, bool to,
                        const model::Impairment& impairment) {
  host(name);
  End end{name, link};
  if (to) {
    const auto other = other_end(name, link);
    if (!other) throw Refused{name + " has no link " + link + " with another end"};
    end = *other;
  }
  const plan::Op op = plan::Impair{end.host, end.link, impairment};
  history_.append({{"event", "impair"}, {"host", name}, {"link", link}, {"what", plan::describe(op)}});
  kernel_->apply(std::span{&op, 1});
  if (impairment == model::Impairment{})
    impaired_.erase(end);
  else
    impaired_.insert(end);
}

std::set<std::string> RunningLab::pods_on(const std::string& node) const {
  std::set<std::string> pods;
  for (const auto& [pod, seat] : placement_.seats)
    if (seat.node == node && have_.hosts.contains(pod)) pods.insert(pod);
  return pods;
}

asio::awaitable<void> RunningLab::take_away(const std::set<std::string>& hosts) {
  co_await my_turn();
  Turn turn{*this};
  for (const auto& name : hosts) host(name);
  placement_.away.insert(hosts.begin(), hosts.end());
  model::Lab want = expanded();
  for (const auto& name : hosts) history_.append({{"event", "taken-away"}, {"host", name}});
  co_await change_to(std::move(want));
  const auto gone = [&](const End& end) { return !have_.hosts.contains(end.host); };
  std::erase_if(without_carrier_, gone);
  std::erase_if(impaired_, gone);
}

asio::awaitable<void> RunningLab::put_back(const std::set<std::string>& hosts) {
  co_await my_turn();
  Turn turn{*this};
  for (const auto& name : hosts) placement_.away.erase(name);
  for (const auto& name : hosts) history_.append({{"event", "put-back"}, {"host", name}});
  model::Lab want = expanded();
  co_await change_to(std::move(want));
}

asio::awaitable<void> RunningLab::accompany(Programs programs) {
  co_await my_turn();
  Turn turn{*this};
  company_ = std::move(programs);
  model::Lab want = expanded();
  co_await change_to(std::move(want));
  std::set<std::string> names;
  for (const auto& [name, beside] : company_)
    for (const auto& program : beside) names.insert(name + "/" + program.process.name);
  const auto unready = [&] {
    auto left = processes_.unready();
    std::erase_if(left, [&](const std::string& name) { return !names.contains(name); });
    return left;
  };
  const bool ready =
      co_await history_.until([&] { return unready().empty(); }, steady_clock::now() + company_limit);
  if (!ready) throw NotReady{unready().front() + " is not running"};
}

asio::awaitable<void> RunningLab::restore(Progress progress) {
  const auto down = without_carrier_, impaired = impaired_;
  for (const auto& [name, link] : down) set_carrier(name, link, true);
  for (const auto& [name, link] : impaired) impair(name, link, false, {});
  co_await my_turn();
  {
    Turn turn{*this};
    cluster_.services = as_written_;
    placement_.away.clear();
    model::Lab want = expanded();
    co_await change_to(std::move(want));
  }
  for (const auto& [name, process] : frozen_) processes_.kill(name, process, SIGCONT, std::nullopt);
  frozen_.clear();
  for (const auto& [name, one] : have_.hosts) processes_.start(name, "");
  co_await settle(&RunningLab::missing_of_all, progress, restore_limit);
}

std::string RunningLab::outside(const std::string& name, const std::string& path) const {
  host(name);
  return apply::HostFolder{state_ + "/hosts/" + name}.outside(path);
}

}  // namespace lblab::run
