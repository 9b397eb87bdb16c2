#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <utility>

#include "lab/expect/life.hpp"

namespace lblab::expect {

/// A route, a path, a process: the host and what it is about.
using Of = std::pair<std::string, std::string>;

enum class ProcessState { unknown, started, ready, frozen, ended };

/// An observer of `host` (empty: of all) lost notifications somewhere in [from, t].
struct Gap {
  std::string host;
  double from = 0, t = 0;
};

/// The lab's history as states over time. Takes events in their order; what it does not know it leaves alone.
struct Facts {
  /// {host, destination} → ways, as kernels' route events tell them (lab/observe/event.hpp): gateways as
  /// addresses, "dev eth0" for a way without one, "blackhole" and its like. Of several routes to one
  /// destination that with the lowest metric, of the main table.
  std::map<Of, Life<Set>> routes;
  Set learnt;                              // destinations that some host had from a routing daemon
  std::map<std::string, Life<Set>> peers;  // host → addresses of peers with which a session is established
  std::map<Of, Life<Set>> paths;           // {host, prefix} → next hops of the paths that it has
  std::map<Of, Life<Set>> announced;       // {load balancer, prefix} → next hops, as it says itself
  std::map<Of, Life<bool>> healthy;        // {load balancer, "172.16.1.2:80"}, as it says itself
  std::map<std::string, Life<Set>> real_servers;  // host → addresses in IPVS with a weight above 0
  std::map<Of, Life<ProcessState>> processes;     // {host, process}
  std::vector<Gap> gaps;

  /// Who is behind an address on a link, as a kernel believes.
  struct Neighbour {
    std::string host, address;
    double t = 0;
    bool is_failed = false;  // nobody answered
    std::string mac;
  };
  std::vector<Neighbour> neighbours;                                // in the order in which they were told
  std::map<Of, Life<std::string>> macs;                             // {host, link}
  std::map<std::string, Life<std::map<std::string, int>>> weights;  // host → address in IPVS → weight

  void take(const nlohmann::json& event);

 private:
  using Ways = std::map<std::uint32_t, Set>;  // by metric
  void take_route(const nlohmann::json&);
  void take_path(const nlohmann::json&);
  void take_process(const nlohmann::json&);
  void take_table(const std::string& host, const nlohmann::json&);

  std::map<Of, Ways> tables_;
  std::map<Of, std::map<std::string, std::string>> path_of_;  // {host, prefix}: peer and next hop → next hop
  std::map<std::string, double> last_of_;                     // host → when its last event was told
};

/// Did an observer of the host lose something that may have been in the window?
bool is_blind(const Facts& facts, const std::string& host, double from, double to);

}  // namespace lblab::expect
