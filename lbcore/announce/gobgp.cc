#include "lbcore/announce/gobgp.hpp"

#include <csignal>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <set>

#include "lab/gobgp/gobgp.hpp"
#include "lbcore/announce/command.hpp"
#include "lbcore/announce/lines.hpp"

namespace lbcore::announce::gobgp {

namespace {

namespace asio = boost::asio;
namespace client = lblab::gobgp;
using boost::system::error_code;
using std::chrono::milliseconds;
using Kind = Request::Kind;
using Say = std::function<void(const FromAgent&)>;

/// Between attempts to reach it, doubled from the first to the second: no event tells of a TCP port that
/// opens.
constexpr milliseconds first_pause{20}, longest_pause{500};
constexpr milliseconds answer_limit{10'000};  // the client has none of its own

/// "ADDRESS:PORT"
struct Api {
  explicit Api(const std::string& text)
      : address(text.substr(0, text.rfind(':'))), port(text.substr(text.rfind(':') + 1)) {}
  std::string address, port;

  std::vector<std::string> command(const std::vector<std::string>& words) const {
    std::vector<std::string> argv{"gobgp", "-u", address, "-p", port, "-j"};
    argv.insert(argv.end(), words.begin(), words.end());
    return argv;
  }
};

/// What the coroutine that follows gobgpd shares with the one that asks it.
struct Life {
  explicit Life(const asio::any_io_executor& executor) : bell(executor) {}
  asio::steady_timer bell;
  bool stirred = false, ended = false;

  void stir() {
    stirred = true;
    bell.cancel();
  }
};

asio::awaitable<void> until_it_ends(std::shared_ptr<Life> life, std::shared_ptr<Running> follower) {
  std::string buffer;
  for (;;) {
    const auto line = co_await next_line(follower->output, buffer);
    if (!line) break;
  }
  life->ended = true;
  life->stir();
}

class Gobgpd : public Agent {
 public:
  Gobgpd(const asio::any_io_executor& executor, Api api)
      : api_(std::move(api)),
        life_(std::make_shared<Life>(executor)),
        follower_(std::make_shared<Running>(start(executor, api_.command({"monitor", "global", "rib"})))) {
    asio::co_spawn(executor, until_it_ends(life_, follower_), asio::detached);
  }
  ~Gobgpd() override { follower_->process.signal(SIGKILL); }

  void ask(const Request& request) override {
    requests_.push_back(request);
    life_->stir();
  }

  asio::awaitable<void> listen(Say say) override {
    const auto life = life_;
    while (!life->ended) {
      if (!requests_.empty()) {
        const auto request = requests_.front();
        requests_.pop_front();
        auto outcome = co_await run(api_.command(words(request)), answer_limit);
        if (!life->ended) take(request, outcome, say);
      } else {
        co_await stirred();
      }
    }
  }

 private:
  asio::awaitable<void> stirred() {
    if (!life_->stirred) {
      life_->bell.expires_at(asio::steady_timer::time_point::max());
      error_code rung;
      co_await life_->bell.async_wait(asio::redirect_error(asio::use_awaitable, rung));
    }
    life_->stirred = false;
  }

  void take(const Request& request, const Outcome& outcome, const Say& say) {
    if (request.kind == Kind::sessions) tell_sessions(outcome.output, say);
    if (request.kind == Kind::routes) tell_routes(outcome.output, say);
    say(Answer{outcome.succeeded});
  }

  void tell_sessions(const std::string& output, const Say& say) {
    const auto parsed = client::parse_neighbours(output);
    if (const auto* neighbours = std::get_if<std::vector<client::Neighbour>>(&parsed))
      for (const auto& neighbour : *neighbours)
        if (neighbour.state == client::State::established) say(Session{neighbour.address.str(), true});
  }

  /// Those of its own: added over the API.
  void tell_routes(const std::string& output, const Say& say) {
    const auto parsed = client::parse_rib(output);
    if (const auto* paths = std::get_if<client::Paths>(&parsed))
      for (const auto& path : *paths)
        if (!path.neighbour && path.next_hop) say(Held{{path.prefix, *path.next_hop}});
  }

  Api api_;
  std::shared_ptr<Life> life_;
  std::shared_ptr<Running> follower_;
  std::deque<Request> requests_;
};

}  // namespace

std::vector<std::string> words(const Request& request) {
  const auto route = [&](const char* verb) {
    return std::vector<std::string>{
        "global", "rib", verb, request.route.prefix.str(), "nexthop", request.route.next_hop.str(),
        "origin", "igp"};
  };
  switch (request.kind) {
    case Kind::sessions:
      return {"neighbor"};
    case Kind::routes:
      return {"global", "rib"};
    case Kind::announce:
      return route("add");
    case Kind::withdraw:
      return route("del");
  }
  return {};
}

asio::awaitable<std::unique_ptr<Agent>> reach(std::string api) {
  const auto executor = co_await asio::this_coro::executor;
  const Api there(api);
  const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(there.address),
                                         static_cast<std::uint16_t>(std::stoul(there.port)));
  for (auto pause = first_pause;; pause = std::min(pause * 2, longest_pause)) {
    asio::ip::tcp::socket socket(executor);
    error_code error;
    co_await socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
    if (!error) break;
    asio::steady_timer timer(executor, pause);
    co_await timer.async_wait(asio::use_awaitable);
  }
  co_return std::make_unique<Gobgpd>(executor, there);
}

}  // namespace lbcore::announce::gobgp
