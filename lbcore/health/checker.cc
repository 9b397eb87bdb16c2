#include "lbcore/health/checker.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cmath>
#include <exception>
#include <map>
#include <tuple>

#include "lbcore/health/judge.hpp"

namespace lbcore::health {

namespace asio = boost::asio;
using std::chrono::steady_clock;

namespace {

/// The part of an interval by which the n-th server's clock is late: multiples of the golden ratio fill it
/// evenly, however many come.
milliseconds phase(milliseconds interval, int n) {
  constexpr double golden = 0.6180339887498949;
  double whole;
  return milliseconds(
      static_cast<std::int64_t>(static_cast<double>(interval.count()) * std::modf((n + 1) * golden, &whole)));
}

}  // namespace

struct Checker::Impl {
  struct Watch {
    Target target;
    Judge judge;
    Status status;
    asio::steady_timer timer;
    bool ended = false;
  };
  using Key = std::tuple<std::string, Address, std::uint16_t>;
  using Watches = std::map<Key, std::shared_ptr<Watch>>;

  asio::any_io_executor executor;
  std::function<void(const Target&, const Status&)> changed;
  Watches watches;
  int started = 0;

  static Key key(const std::string& service, const Endpoint& e) { return {service, e.address, e.port}; }

  void start(const Target& target) {
    const bool up = target.up_at_first || target.check.kind == HealthCheck::Kind::none;
    const auto watch = std::make_shared<Watch>(Watch{target, Judge(rise(target.check), target.check.fall, up),
                                                     Status{up, "", false}, asio::steady_timer(executor)});
    watches[key(target.service, target.endpoint)] = watch;
    asio::co_spawn(executor, run(this, watch, started++), [](std::exception_ptr failure) {
      if (failure) std::rethrow_exception(failure);
    });
  }

  /// Who is not checked needs no checks to come up.
  static int rise(const HealthCheck& check) { return check.kind == HealthCheck::Kind::none ? 1 : check.rise; }

  static steady_clock::time_point after(steady_clock::time_point start, const HealthCheck& check, bool first,
                                        int n) {
    if (check.kind == HealthCheck::Kind::none) return steady_clock::time_point::max();
    const auto now = steady_clock::now();
    return first ? now + phase(check.interval, n) : std::max(now, start + check.interval);
  }

  /// These in the place of those, which are in `watches` no more.
  void replace(Watches before, const std::vector<Target>& targets) {
    for (const auto& target : targets) {
      const auto known = before.extract(key(target.service, target.endpoint));
      if (known.empty()) {
        start(target);
      } else {
        adjust(*known.mapped(), target);
        watches[known.key()] = known.mapped();
      }
    }
    for (const auto& [key, watch] : before) end(*watch);
  }

  static void end(Watch& watch) {
    watch.ended = true;
    watch.timer.cancel();
  }

  void adjust(Watch& watch, const Target& target) {
    if (target.check != watch.target.check) {
      watch.judge.set_thresholds(rise(target.check), target.check.fall);
      watch.timer.cancel();  // the new check's clock begins now
    }
    watch.target = target;
  }

  /// `self` is alive while the watch has not ended.
  static asio::awaitable<void> run(Impl* self, std::shared_ptr<Watch> watch, int n) {
    auto start = steady_clock::now();
    for (bool first = true; !watch->ended; first = false) {
      const auto result = co_await probe(watch->target.check, watch->target.endpoint);
      if (watch->ended) co_return;
      self->judge(*watch, result);
      start = after(start, watch->target.check, first, n);
      watch->timer.expires_at(start);
      boost::system::error_code woken;
      co_await watch->timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
      if (woken) start = steady_clock::now();
    }
  }

  void judge(Watch& watch, const Result& result) {
    watch.status.checked = true;
    watch.status.reason = result.reason;
    if (!watch.judge.observe(result.passed)) return;
    watch.status.up = watch.judge.up();
    changed(watch.target, watch.status);
  }
};

Checker::Checker(asio::any_io_executor executor, std::function<void(const Target&, const Status&)> changed)
    : impl_(std::make_shared<Impl>(Impl{executor, std::move(changed), {}, 0})) {}

Checker::~Checker() { set({}); }

void Checker::set(const std::vector<Target>& targets) {
  Impl::Watches before;
  before.swap(impl_->watches);
  impl_->replace(std::move(before), targets);
}

void Checker::set(const std::string& service, const std::vector<Target>& targets) {
  const auto of_service = [&](const auto& watch) { return std::get<0>(watch.first) == service; };
  Impl::Watches before;
  auto at = impl_->watches.lower_bound({service, Address{}, 0});
  while (at != impl_->watches.end() && of_service(*at)) before.insert(impl_->watches.extract(at++));
  impl_->replace(std::move(before), targets);
}

std::optional<Status> Checker::status(const std::string& service, const Endpoint& endpoint) const {
  const auto found = impl_->watches.find(Impl::key(service, endpoint));
  if (found == impl_->watches.end()) return std::nullopt;
  return found->second->status;
}

}  // namespace lbcore::health
