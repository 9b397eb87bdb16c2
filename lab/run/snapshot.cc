#include "lab/run/snapshot.hpp"

#include <signal.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>
#include <optional>

#include "lab/bgp/bird.hpp"
#include "lab/bgp/frr.hpp"
#include "lab/daemons/bird.hpp"
#include "lab/daemons/frr.hpp"
#include "lab/gobgp/gobgp.hpp"
#include "lab/observe/ipvs_table.hpp"
#include "lab/sys/process.hpp"

namespace lblab::run {

namespace asio = boost::asio;
using nlohmann::json;

namespace {

constexpr auto gobgp_patience = std::chrono::seconds(5);  // the gobgp client has no limit of its own

const char* word(gobgp::State state) {
  switch (state) {
    case gobgp::State::idle:
      return "idle";
    case gobgp::State::connect:
      return "connect";
    case gobgp::State::active:
      return "active";
    case gobgp::State::open_sent:
      return "open sent";
    case gobgp::State::open_confirm:
      return "open confirm";
    case gobgp::State::established:
      return "established";
    default:
      return "unknown";
  }
}

/// The command that asks a speaker for its sessions; none for other processes.
std::optional<std::vector<std::string>> asking(const std::string& process) {
  using Argv = std::vector<std::string>;
  if (process == "gobgpd") return Argv{"gobgp", "-j", "neighbor"};
  if (process == "bgpd") return daemons::frr::asking_bgpd("show bgp summary json");
  if (process == "bird")
    return Argv{"birdc", "-s", daemons::bird::control_socket, "show", "protocols", "all"};
  return std::nullopt;
}

using Sessions = std::vector<std::pair<sys::Address, std::string>>;

Sessions told_by_gobgp(const std::string& text) {
  Sessions sessions;
  const auto parsed = gobgp::parse_neighbours(text);
  if (const auto* neighbours = std::get_if<std::vector<gobgp::Neighbour>>(&parsed))
    for (const auto& n : *neighbours) sessions.emplace_back(n.address, word(n.state));
  return sessions;
}

Sessions told_by_frr(const std::string& text) {
  Sessions sessions;
  for (const auto& session : bgp::parse_frr_summary(text)) sessions.emplace_back(session.peer, session.state);
  return sessions;
}

Sessions told_by_bird(const std::string& text) {
  Sessions sessions;
  for (const auto& session : bgp::parse_bird_protocols(text))
    sessions.emplace_back(session.peer, session.state);
  return sessions;
}

Sessions told_by(const std::string& process, const std::string& text) {
  if (process == "bgpd") return told_by_frr(text);
  return process == "bird" ? told_by_bird(text) : told_by_gobgp(text);
}

}  // namespace

asio::awaitable<std::string> output_in(std::vector<int> namespaces, std::vector<std::string> environment,
                                       std::vector<std::string> argv, std::chrono::seconds patience) {
  const auto executor = co_await asio::this_coro::executor;
  sys::Command command;
  command.argv = std::move(argv);
  command.environment = std::move(environment);
  command.namespaces = std::move(namespaces);
  auto pipe = sys::make_pipe();
  command.out = pipe.write.get();
  sys::Process process = sys::spawn(command);
  pipe.write = sys::Fd{};
  asio::posix::stream_descriptor stream{executor, pipe.read.release()};
  asio::steady_timer limit{executor, patience};
  limit.async_wait([&](auto error) {
    if (!error) stream.cancel();
  });
  std::string text;
  boost::system::error_code end;
  co_await asio::async_read(stream, asio::dynamic_buffer(text),
                            asio::redirect_error(asio::use_awaitable, end));
  co_return text;  // a process that still runs ends here
}

bool is_bgp_speaker(const std::string& process) { return asking(process).has_value(); }

asio::awaitable<json> bgp_sessions(std::string host, std::string process, std::vector<int> namespaces,
                                   std::string path) {
  auto command = asking(process);
  json sessions = json::array();
  if (!command) co_return sessions;
  std::vector<std::string> environment{"PATH=" + path};
  const std::string text =
      co_await output_in(std::move(namespaces), std::move(environment), std::move(*command), gobgp_patience);
  for (const auto& [peer, state] : told_by(process, text))
    sessions.push_back({{"host", host}, {"peer", peer.str()}, {"state", state}});
  co_return sessions;
}

json ipvs_table(const sys::Netns& netns) { return ipvs_table(observe::read_ipvs(netns)); }

json ipvs_table(const std::vector<observe::IpvsService>& table) {
  json services = json::array();
  for (const auto& service : table) {
    json destinations = json::array();
    for (const auto& d : service.destinations)
      destinations.push_back({{"address", d.address},
                              {"forwarding", d.forwarding},
                              {"weight", d.weight},
                              {"active", d.active},
                              {"inactive", d.inactive}});
    services.push_back(
        {{"service", service.service}, {"scheduler", service.scheduler}, {"destinations", destinations}});
  }
  return services;
}

}  // namespace lblab::run
