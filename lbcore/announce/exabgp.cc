#include "lbcore/announce/exabgp.hpp"

#include <fmt/format.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "lbcore/announce/lines.hpp"
#include "lbcore/announce/outbox.hpp"

namespace lbcore::announce::exabgp {

namespace {

namespace asio = boost::asio;
using Descriptor = asio::posix::stream_descriptor;

std::vector<std::string> words(std::string_view line) {
  std::istringstream in{std::string(line)};
  return {std::istream_iterator<std::string>(in), {}};
}

/// {"type":"state","neighbor":{"address":{"peer":"10.0.0.109"},"state":"up"}} among much else. exabgp's
/// "connected" is only TCP's.
std::optional<FromAgent> session_change(std::string_view line) try {
  const auto message = nlohmann::json::parse(line);
  if (message.at("type") != "state") return std::nullopt;
  const auto& neighbor = message.at("neighbor");
  const std::string state = neighbor.at("state");
  if (state != "up" && state != "down") return std::nullopt;
  return Session{neighbor.at("address").at("peer"), state == "up"};
} catch (const nlohmann::json::exception&) {
  return std::nullopt;
}

class Exabgp : public Agent {
 public:
  Exabgp(const asio::any_io_executor& executor, lblab::sys::Fd from, lblab::sys::Fd to)
      : from_(executor, from.release()),
        to_(std::make_shared<Outbox<Descriptor>>(Descriptor(executor, to.release()))) {}

  void ask(const Request& request) override { to_->send(command(request) + "\n"); }

  asio::awaitable<void> listen(std::function<void(const FromAgent&)> say) override {
    std::string buffer;
    for (;;) {
      const auto line = co_await next_line(from_, buffer);
      if (!line) co_return;
      if (const auto said = read(*line)) say(*said);
    }
  }

 private:
  Descriptor from_;
  std::shared_ptr<Outbox<Descriptor>> to_;
};

}  // namespace

std::string command(const Request& request) {
  const auto route = [&](const char* verb) {
    return fmt::format("{} route {} next-hop {}", verb, request.route.prefix.str(),
                       request.route.next_hop.str());
  };
  switch (request.kind) {
    case Request::Kind::sessions:
      return "show neighbor summary";
    case Request::Kind::routes:
      return "show adj-rib out";
    case Request::Kind::announce:
      return route("announce");
    case Request::Kind::withdraw:
      return route("withdraw");
  }
  return "";
}

std::optional<FromAgent> read(std::string_view line) {
  if (line.starts_with('{')) return session_change(line);
  if (line == "done" || line == "error") return Answer{line == "done"};
  const auto w = words(line);
  // "10.0.0.109 65021 0:00:05 established 2 1", for each session that is up
  if (w.size() > 3 && w[3] == "established") return Session{w[0], true};
  // "neighbor 10.0.0.109 ipv4 unicast 10.1.1.0/24 next-hop 10.0.0.105", for each neighbour and route
  if (w.size() > 6 && w[0] == "neighbor" && w[5] == "next-hop") {
    const auto prefix = Prefix::parse(w[4]);
    const auto next_hop = Address::parse(w[6]);
    if (prefix && next_hop) return Held{{*prefix, *next_hop}};
  }
  return std::nullopt;
}

std::unique_ptr<Agent> agent(const asio::any_io_executor& executor, lblab::sys::Fd from_exabgp,
                             lblab::sys::Fd to_exabgp) {
  return std::make_unique<Exabgp>(executor, std::move(from_exabgp), std::move(to_exabgp));
}

}  // namespace lbcore::announce::exabgp
