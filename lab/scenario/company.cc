#include "lab/scenario/company.hpp"

#include <functional>

#include "lab/daemons/gobgpd.hpp"
#include "lab/daemons/probe.hpp"

namespace lblab::scenario {

namespace {

using run::RunningLab;

constexpr std::uint16_t echo_port = 7;  // RFC 862

struct Target {
  sys::Address address;
  std::uint16_t port = 0;
};

class Company {
 public:
  explicit Company(const RunningLab& lab) : lab_(lab) {}

  void add(const model::Traffic& traffic) {
    if (const auto& udp = traffic.udp) {
      const auto to = target(udp->to, udp->port ? udp->port : echo_port);
      if (!lab_.cluster().service(udp->to)) add(udp->to, daemons::probe::udp_echo(to.port));
      add(udp->from, daemons::probe::udp(*udp, to.address, to.port));
    }
    if (const auto& http = traffic.http) {
      const auto to = target(http->to, 80);
      add(http->from, daemons::probe::http(*http, to.address, to.port));
    }
    if (const auto& flows = traffic.flows) {
      const auto to = target(flows->to, 80);
      add(flows->from, daemons::probe::flows(*flows, to.address, to.port));
    }
  }

  void add(const std::vector<model::Step>& steps) {
    for (const auto& step : steps) {
      if (const auto* connect = std::get_if<model::Connect>(&step.what)) listeners_.insert(connect->to);
      if (const auto* repeat = std::get_if<model::Repeat>(&step.what)) add(repeat->steps);
      if (const auto* one_of = std::get_if<model::OneOf>(&step.what)) add(one_of->steps);
    }
  }

  RunningLab::Programs programs() && {
    for (const auto& host : listeners_) add(host, daemons::probe::tcp_echo(connect_port));
    for (const auto& [name, host] : lab_.lab().hosts)
      for (const auto& process : host.processes)
        if (process.name == "gobgpd") add(name, daemons::gobgpd::rib_monitor());
    if (!lab_.lab().hosts.empty()) add(lab_.lab().hosts.begin()->first, daemons::probe::jitter());
    return std::move(programs_);
  }

 private:
  void add(const std::string& host, daemons::Program program) {
    programs_[host].push_back(std::move(program));
  }

  Target target(const std::string& name, std::uint16_t port) const {
    const auto* service = lab_.cluster().service(name);
    if (!service) return {address_of(lab_, name), port};
    const auto& range = service->addresses;
    const bool one = range.length == range.address.bits();
    return {one ? range.address : range.network().address + 1, service->port};
  }

  const RunningLab& lab_;
  RunningLab::Programs programs_;
  std::set<std::string> listeners_;
};

}  // namespace

sys::Address address_of(const RunningLab& lab, const std::string& name) {
  const auto host = lab.lab().hosts.find(name);
  if (host == lab.lab().hosts.end()) throw Refused{"no host of this lab is called " + name};
  for (const auto& link : host->second.links)
    if (!std::holds_alternative<model::Loopback>(link.kind) && !link.addresses.empty())
      return link.addresses.front().address;
  throw Refused{name + " has no address"};
}

RunningLab::Programs company(const model::Scenario& scenario, const RunningLab& lab) {
  Company made{lab};
  made.add(scenario.traffic);
  made.add(scenario.steps);
  return std::move(made).programs();
}

}  // namespace lblab::scenario
