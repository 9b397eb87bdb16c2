#include "lbcore/announce/frr.hpp"

#include <fmt/format.h>
#include <sys/inotify.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <deque>
#include <filesystem>
#include <set>
#include <sstream>
#include <utility>

#include "lab/bgp/frr.hpp"
#include "lbcore/announce/conversation.hpp"
#include "lbcore/folder_watch.hpp"

namespace lbcore::announce::frr {

namespace {

namespace asio = boost::asio;
using Say = std::function<void(const FromAgent&)>;
using Kind = Request::Kind;
using Watch = std::shared_ptr<FolderWatch>;

constexpr std::string_view map_stem = "to-";
constexpr std::string_view end_of_answer{"\0\0\0", 3};

/// A route as `network` names it, in the configuration.
std::string network(const Route& route) {
  return fmt::format("network {} route-map {}{}", route.prefix.str(), map_stem, route.next_hop.str());
}

asio::awaitable<void> look_at_sessions_when_it_grows(Watch folder, std::string log,
                                                     std::shared_ptr<Conversation> vty,
                                                     std::shared_ptr<bool> grown) {
  try {
    for (;;)
      for (const auto& name : co_await folder->changed())
        if (name.empty() || name == log) {
          *grown = true;
          vty->stir();
        }
  } catch (const boost::system::system_error&) {  // closed
  }
}

class Bgpd : public Agent {
 public:
  Bgpd(const asio::any_io_executor& executor, std::shared_ptr<Conversation> vty, const std::string& log)
      : vty_(std::move(vty)),
        folder_(std::make_shared<FolderWatch>(executor, std::filesystem::path(log).parent_path(), IN_MODIFY)),
        sessions_changed_(std::make_shared<bool>(false)) {
    asio::co_spawn(executor,
                   look_at_sessions_when_it_grows(folder_, std::filesystem::path(log).filename(), vty_,
                                                  sessions_changed_),
                   asio::detached);
    give({"enable"});
  }
  ~Bgpd() override {
    folder_->close();
    vty_->close();
  }

  void ask(const Request& request) override {
    requests_.push_back(request);
    vty_->stir();
  }

  asio::awaitable<void> listen(Say say) override {
    for (;;) {
      if (!answer_) answer_ = vty_->take_until(end_of_answer);
      const auto result = answer_ ? vty_->take_byte() : std::nullopt;
      if (result) {
        take(*result == 0, say);
      } else if (vty_->ended()) {
        co_return;
      } else {
        begin();
        co_await vty_->stirred();
      }
    }
  }

 private:
  /// The next request, where there is one and bgpd is free.
  void begin() {
    if (!given_.empty()) return;
    if (!requests_.empty()) {
      doing_ = requests_.front();
      requests_.pop_front();
    } else if (*sessions_changed_) {
      doing_ = Request{Kind::sessions};
      unasked_ = true;
    } else {
      return;
    }
    if (doing_.kind == Kind::sessions) *sessions_changed_ = false;
    give(commands(doing_));
  }

  void give(const std::vector<std::string>& all) {
    given_.assign(all.begin(), all.end());
    succeeded_ = true;
    give_next();
  }

  void give_next() { vty_->say(given_.front() + '\0'); }

  void take(bool done, const Say& say) {
    const auto answer = std::move(*answer_);
    answer_.reset();
    succeeded_ = succeeded_ && done;
    given_.pop_front();
    if (!given_.empty()) return give_next();
    if (std::exchange(is_new_, false)) return;
    finish(answer, say);
  }

  void finish(const std::string& answer, const Say& say) {
    if (doing_.kind == Kind::sessions) tell_sessions(answer, say);
    if (doing_.kind == Kind::routes)
      for (const auto& route : read_routes(answer)) say(Held{route});
    if (!std::exchange(unasked_, false)) say(Answer{succeeded_});
  }

  void tell_sessions(const std::string& answer, const Say& say) {
    for (const auto& session : lblab::bgp::parse_frr_summary(answer)) {
      const auto peer = session.peer.str();
      const bool up = session.state == "established";
      if (up ? up_.insert(peer).second : up_.erase(peer) > 0) say(Session{peer, up});
    }
  }

  std::shared_ptr<Conversation> vty_;
  Watch folder_;
  std::deque<Request> requests_;
  Request doing_{Kind::sessions};
  std::deque<std::string> given_;  // the command that is being answered, and those after it
  std::optional<std::string> answer_;
  std::set<std::string> up_;
  bool succeeded_ = true, unasked_ = false, is_new_ = true;
  std::shared_ptr<bool> sessions_changed_;
};

}  // namespace

std::vector<std::string> commands(const Request& request) {
  const auto in_configuration = [](std::vector<std::string> own) {
    own.insert(own.begin(), "configure terminal");
    own.emplace_back("end");
    return own;
  };
  switch (request.kind) {
    case Kind::sessions:
      return {"show bgp summary json"};
    case Kind::routes:
      return {"show running-config"};
    case Kind::announce:
      return in_configuration(
          {fmt::format("route-map {}{} permit 10", map_stem, request.route.next_hop.str()),
           "set ip next-hop " + request.route.next_hop.str(), "exit", "router bgp",
           "address-family ipv4 unicast", network(request.route)});
    case Kind::withdraw:
      return in_configuration(
          {"router bgp", "address-family ipv4 unicast", "no network " + request.route.prefix.str()});
  }
  return {};
}

std::vector<Route> read_routes(std::string_view running_configuration) {
  std::vector<Route> routes;
  std::istringstream lines{std::string(running_configuration)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words{line};
    std::string network, prefix, by, map;
    words >> network >> prefix >> by >> map;
    if (network != "network" || by != "route-map" || !map.starts_with(map_stem)) continue;
    const auto to = Prefix::parse(prefix);
    const auto via = Address::parse(map.substr(map_stem.size()));
    if (to && via) routes.push_back({*to, *via});
  }
  return routes;
}

asio::awaitable<std::unique_ptr<Agent>> reach(Settings settings) {
  auto vty = co_await Conversation::open(settings.socket);
  const auto executor = co_await asio::this_coro::executor;
  co_return std::make_unique<Bgpd>(executor, std::move(vty), settings.log);
}

}  // namespace lbcore::announce::frr
