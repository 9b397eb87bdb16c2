#include "lbcore/announce/bird.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include "lab/bgp/bird.hpp"
#include "lab/sys/fd.hpp"
#include "lbcore/announce/conversation.hpp"

namespace lbcore::announce::bird {

namespace {

namespace asio = boost::asio;
namespace sys = lblab::sys;
using Say = std::function<void(const FromAgent&)>;
using Kind = Request::Kind;

bool changes_routes(const Request& request) {
  return request.kind == Kind::announce || request.kind == Kind::withdraw;
}

class Bird : public Agent {
 public:
  Bird(std::shared_ptr<Conversation> control, std::string file)
      : control_(std::move(control)), file_(std::move(file)) {}
  ~Bird() override { control_->close(); }

  void ask(const Request& request) override {
    requests_.push_back(request);
    control_->stir();
  }

  asio::awaitable<void> listen(Say say) override {
    for (;;) {
      auto line = control_->take_until("\n");
      if (line) {
        take(read_line(*line), say);
      } else if (control_->ended()) {
        co_return;
      } else {
        begin();
        co_await control_->stirred();
      }
    }
  }

 private:
  /// What bird is doing: it is asked one thing at a time.
  enum class Doing { greeting, following, nothing, sessions, first_configuration, configuration };

  /// The next thing, where there is one and bird is free.
  void begin() {
    if (doing_ != Doing::nothing) return;
    if (!requests_.empty() && requests_.front().kind == Kind::routes)
      return tell("configure",
                  Doing::first_configuration);  // what a helper that crashed may have left undone
    if (!requests_.empty() && changes_routes(requests_.front())) return configure();
    if (!requests_.empty() || sessions_changed_) return tell("show protocols all", Doing::sessions);
  }

  void tell(const char* command, Doing doing) {
    if (doing == Doing::sessions) sessions_changed_ = false;
    control_->say(fmt::format("{}\n", command));
    doing_ = doing;
    reply_.clear();
  }

  /// All changes that wait, at once.
  void configure() {
    before_ = held_;
    while (!requests_.empty() && changes_routes(requests_.front())) {
      const auto& [kind, route] = requests_.front();
      if (kind == Kind::announce)
        held_[route.prefix] = route.next_hop;
      else
        held_.erase(route.prefix);
      ++changing_;
      requests_.pop_front();
    }
    write();
    tell("configure", Doing::configuration);
  }

  void write() const {
    std::filesystem::create_directories(std::filesystem::path(file_).parent_path());
    std::vector<Route> routes;
    for (const auto& [prefix, next_hop] : held_) routes.push_back({prefix, next_hop});
    sys::write_file(file_, routes_file(routes));
  }

  void take(const Line& line, const Say& say) {
    if (line.kind == Line::Kind::aside) {
      sessions_changed_ = sessions_changed_ || line.text.find("BGP session ") != line.text.npos;
      return;
    }
    reply_ += line.text + "\n";
    if (line.kind == Line::Kind::last) finish(line.failed, say);
  }

  void finish(bool failed, const Say& say) {
    switch (std::exchange(doing_, Doing::nothing)) {
      case Doing::greeting:
        return tell("echo { trace }", Doing::following);
      case Doing::following:
      case Doing::nothing:
        return;
      case Doing::sessions:
        return tell_sessions(say);
      case Doing::first_configuration:
        return tell_routes(failed, say);
      case Doing::configuration:
        if (failed) {  // bird stays at what it had
          held_ = before_;
          write();
        }
        for (; changing_ > 0; --changing_) say(Answer{!failed});
    }
  }

  void tell_sessions(const Say& say) {
    for (const auto& session : lblab::bgp::parse_bird_protocols(reply_)) {
      const auto peer = session.peer.str();
      const bool up = session.state == "established";
      if (up ? up_.insert(peer).second : up_.erase(peer) > 0) say(Session{peer, up});
    }
    if (requests_.empty() || requests_.front().kind != Kind::sessions) return;
    requests_.pop_front();
    say(Answer{true});
  }

  void tell_routes(bool failed, const Say& say) {
    requests_.pop_front();
    if (!failed && ::access(file_.c_str(), F_OK) == 0)
      for (const auto& route : read_routes(sys::read_file(file_))) {
        held_[route.prefix] = route.next_hop;
        say(Held{route});
      }
    say(Answer{true});
  }

  std::shared_ptr<Conversation> control_;
  std::string file_;
  Doing doing_ = Doing::greeting;
  std::deque<Request> requests_;
  std::string reply_;
  std::map<Prefix, Address> held_, before_;
  std::size_t changing_ = 0;  // requests that the configuration being read is for
  std::set<std::string> up_;
  bool sessions_changed_ = false;
};

}  // namespace

std::string routes_file(const std::vector<Route>& routes) {
  std::string text = "# lbd-announce's: written whole at every change\n";
  for (const auto& route : routes)
    text += fmt::format("route {} unreachable {{ bgp_next_hop = {}; }};\n", route.prefix.str(),
                        route.next_hop.str());
  return text;
}

std::vector<Route> read_routes(std::string_view file) {
  std::vector<Route> routes;
  std::istringstream lines{std::string(file)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words{line};
    std::string route, prefix, unreachable, brace, attribute, equals, next_hop;
    words >> route >> prefix >> unreachable >> brace >> attribute >> equals >> next_hop;
    if (route != "route" || attribute != "bgp_next_hop" || !next_hop.ends_with(';')) continue;
    next_hop.pop_back();
    const auto to = Prefix::parse(prefix);
    const auto via = Address::parse(next_hop);
    if (to && via) routes.push_back({*to, *via});
  }
  return routes;
}

/// "1002-text": more follows. "0000 text": the last. " text": more of the same. "+text": an aside. The first
/// digit of a failure is 8 or 9.
Line read_line(std::string_view line) {
  constexpr std::size_t head = 5;
  if (line.starts_with('+')) return {Line::Kind::aside, false, std::string(line.substr(1))};
  if (line.size() < head || line.starts_with(' '))
    return {Line::Kind::part, false, std::string(line.substr(std::min<std::size_t>(line.size(), 1)))};
  const bool last = line[head - 1] == ' ';
  return {last ? Line::Kind::last : Line::Kind::part, line[0] == '8' || line[0] == '9',
          std::string(line.substr(head))};
}

asio::awaitable<std::unique_ptr<Agent>> reach(Settings settings) {
  auto control = co_await Conversation::open(settings.socket);
  co_return std::make_unique<Bird>(std::move(control), std::move(settings.routes));
}

}  // namespace lbcore::announce::bird
