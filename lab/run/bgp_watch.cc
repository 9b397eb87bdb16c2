#include "lab/run/bgp_watch.hpp"

#include <nlohmann/json.hpp>

#include "lab/bgp/frr.hpp"
#include "lab/daemons/gobgpd.hpp"
#include "lab/gobgp/gobgp.hpp"
#include "lab/gobgp/log.hpp"

namespace lblab::run {

BgpWatch::BgpWatch(ProcessTable& processes, History& history)
    : history_(history),
      listener_(processes.listen([this](const std::string& host, const std::string& process, auto line) {
        if (process == "gobgpd") log_line(host, line);
        if (process == "bgpd") frr_line(host, line);
        if (process == "bird") bird_line(host, line);
        if (process == daemons::gobgpd::rib_monitor_name) rib_line(host, line);
      })) {}

void BgpWatch::log_line(const std::string& host, std::string_view line) {
  const auto change = gobgp::parse_log_line(line);
  if (change) tell_session(host, "gobgpd", change->peer, change->up, change->reason);
}

void BgpWatch::frr_line(const std::string& host, std::string_view line) {
  const auto change = bgp::parse_frr_log_line(line);
  if (change) tell_session(host, "bgpd", change->peer, change->up, change->reason);
}

void BgpWatch::bird_line(const std::string& host, std::string_view line) {
  const auto change = birds_[host].take(line);
  if (change) tell_session(host, "bird", change->peer, change->up, change->reason);
}

void BgpWatch::tell_session(const std::string& host, const char* process, const sys::Address& peer, bool up,
                            const std::string& reason) {
  nlohmann::json event{{"event", "session"},
                       {"host", host},
                       {"process", process},
                       {"peer", peer.str()},
                       {"state", up ? "up" : "down"}};
  if (!reason.empty()) event["reason"] = reason;
  history_.append(std::move(event));
}

void BgpWatch::rib_line(const std::string& host, std::string_view line) {
  const auto parsed = gobgp::parse_rib(line);
  const auto* paths = std::get_if<gobgp::Paths>(&parsed);
  if (!paths) return;
  std::map<std::string, std::set<std::string>> now;
  for (const auto& path : *paths) {
    auto& next_hops = now[path.prefix.str()];
    if (!path.withdrawn && path.next_hop) next_hops.insert(path.next_hop->str());
  }
  // A client that has just come to an empty table prints an empty list.
  if (paths->empty())
    for (const auto& [prefix, next_hops] : paths_[host]) now[prefix];
  for (const auto& [prefix, next_hops] : now) set_paths(host, prefix, next_hops);
}

void BgpWatch::set_paths(const std::string& host, const std::string& prefix,
                         const std::set<std::string>& now) {
  auto& had = paths_[host][prefix];
  const auto tell = [&](const std::string& next_hop, const char* state) {
    history_.append(
        {{"event", "path"}, {"host", host}, {"prefix", prefix}, {"next-hop", next_hop}, {"state", state}});
  };
  for (const auto& next_hop : now)
    if (!had.contains(next_hop)) tell(next_hop, "announced");
  for (const auto& next_hop : had)
    if (!now.contains(next_hop)) tell(next_hop, "withdrawn");
  had = now;
}

}  // namespace lblab::run
