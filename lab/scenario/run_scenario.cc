#include "lab/scenario/run_scenario.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "lab/daemons/probe.hpp"
#include "lab/expect/describe.hpp"
#include "lab/expect/judge.hpp"
#include "lab/expect/words.hpp"
#include "lab/model/unroll.hpp"
#include "lab/observe/counters.hpp"
#include "lab/probe/record_file.hpp"
#include "lab/scenario/act.hpp"
#include "lab/scenario/census.hpp"
#include "lab/scenario/company.hpp"
#include "lab/scenario/ipvs_watch.hpp"
#include "lab/scenario/lbd_watch.hpp"
#include "lab/scenario/own_lateness.hpp"

namespace lblab::scenario {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using run::RunningLab;
using std::chrono::steady_clock;

namespace {

constexpr auto look_interval = 250ms;

using CountersOfHosts = std::map<std::string, observe::Counters>;

CountersOfHosts counters(const RunningLab& lab) {
  CountersOfHosts all;
  for (const auto& [name, host] : lab.lab().hosts) all[name] = observe::read_counters(lab.netns(name));
  return all;
}

/// How much they grew. A host that was made anew counts from nothing.
CountersOfHosts growth(const CountersOfHosts& before, const CountersOfHosts& after) {
  CountersOfHosts grown = after;
  for (auto& [host, counters] : grown)
    for (auto& [name, value] : counters) {
      const auto had = before.find(host);
      if (had == before.end() || !had->second.contains(name)) continue;
      const auto old = had->second.at(name);
      value = value >= old ? value - old : value;
    }
  return grown;
}

/// Runs beside the scenario for as long as this lives.
class Beside {
 public:
  Beside(const asio::any_io_executor& executor, asio::awaitable<void> work) {
    asio::co_spawn(executor, std::move(work),
                   asio::bind_cancellation_slot(stop_->slot(), [stop = stop_](const std::exception_ptr&) {}));
  }
  ~Beside() { stop_->emit(asio::cancellation_type::all); }
  Beside(const Beside&) = delete;

 private:
  std::shared_ptr<asio::cancellation_signal> stop_ = std::make_shared<asio::cancellation_signal>();
};

class Performance {
 public:
  Performance(RunningLab& lab, const Past& past, const Progress& progress)
      : lab_(lab), progress_(progress), next_line_(past.next_line()) {
    evidence_.events = past.standing().events();
    for (const auto& event : evidence_.events) facts_.take(event);
  }

  asio::awaitable<void> steps(const std::vector<model::Step>& steps) {
    began_ = steady_clock::now();
    evidence_.began = expect::seconds(began_);
    action_ = evidence_.began;
    census_ = census(lab_);
    first_since_action_ = evidence_.events.size();
    for (const auto& step : steps) {
      take_events();
      if (step.at) co_await until(began_ + *step.at);
      expect::Acted acted{
          .step = step, .began = expect::seconds(steady_clock::now()), .ended = 0, .census = {}};
      tell(expect::describe(step));
      lab_.history().append({{"event", "step"}, {"what", expect::describe(step)}, {"line", step.mark.line}});
      if (expect::is_action(step)) {
        action_ = acted.began;
        first_since_action_ = evidence_.events.size();
      }
      if (const auto* wait = std::get_if<model::Wait>(&step.what))
        co_await until(steady_clock::now() + wait->time.min);
      else if (const auto* expectation = std::get_if<model::Expectation>(&step.what))
        co_await await(*expectation);
      else
        co_await act(lab_, step);
      acted.ended = expect::seconds(steady_clock::now());
      if (expect::is_action(step)) census_ = census(lab_);
      acted.census = census_;
      evidence_.steps.push_back(std::move(acted));
    }
  }

  asio::awaitable<void> settle(std::chrono::milliseconds time) {
    co_await until(steady_clock::now() + time);
    evidence_.ended = expect::seconds(steady_clock::now());
    take_events();
  }

  expect::Evidence evidence() && { return std::move(evidence_); }

 private:
  void tell(const std::string& text) { progress_(text); }

  static asio::awaitable<void> until(steady_clock::time_point time) {
    asio::steady_timer timer{co_await asio::this_coro::executor, time};
    co_await timer.async_wait(asio::use_awaitable);
  }

  /// All that happened so far; returns what is new. Kept up with at every step: the times of events are those
  /// at which this thread reads them, so none may wait while it catches up.
  std::span<const nlohmann::json> take_events() {
    const auto from = evidence_.events.size();
    for (const auto& lines = lab_.history().lines(); next_line_ < lines.size(); ++next_line_) {
      evidence_.events.push_back(nlohmann::json::parse(lines[next_line_]));
      facts_.take(evidence_.events.back());
    }
    return std::span<const nlohmann::json>{evidence_.events}.subspan(from);
  }

  /// Until it has come to hold, or cannot any more. What is to hold throughout is watched for as long as it
  /// is to.
  asio::awaitable<void> await(const model::Expectation& expectation) {
    take_events();
    expect::Attainment attainment{expectation, census_, facts_, action_};
    for (const auto& event : std::span<const nlohmann::json>{evidence_.events}.subspan(first_since_action_))
      attainment.take(event);
    const auto opened = steady_clock::time_point{
        std::chrono::duration_cast<steady_clock::duration>(std::chrono::duration<double>(action_))};
    const auto deadline = opened + expectation.limit;
    if (expectation.when != model::Expectation::When::within) {
      co_await until(deadline);
      co_return;
    }
    const bool came = co_await lab_.history().until(
        [&] {
          for (const auto& event : take_events()) attainment.take(event);
          return attainment.holds();
        },
        deadline);
    if (!came) tell("  not so within " + std::to_string(expectation.limit.count()) + " ms");
  }

  RunningLab& lab_;
  const Progress& progress_;
  expect::Evidence evidence_;
  expect::Facts facts_;    // of the evidence's events
  expect::Census census_;  // since the last action
  std::size_t next_line_;  // of the history
  std::size_t first_since_action_ = 0;
  steady_clock::time_point began_;
  double action_ = 0;
};

/// Those that were written; a probe that was killed leaves none.
probe::Records records(const RunningLab& lab, const model::Scenario& scenario,
                       const std::string& clock_host) {
  probe::Records all;
  const auto path = [&](const std::string& host, const std::string& kind) {
    return lab.outside(host, daemons::probe::record_path(kind));
  };
  if (const auto& udp = scenario.traffic.udp) all.udp = probe::read_udp(path(udp->from, "udp"));
  if (const auto& http = scenario.traffic.http) all.requests = probe::read_requests(path(http->from, "http"));
  if (const auto& flows = scenario.traffic.flows) all.flows = probe::read_flows(path(flows->from, "flows"));
  all.jitter = probe::read_jitter(path(clock_host, "jitter"));
  return all;
}

void remove_old_records(const RunningLab& lab) {
  for (const auto& [name, host] : lab.lab().hosts)
    for (const auto* kind : {"udp", "http", "flows", "jitter"}) {
      std::error_code none;
      std::filesystem::remove(lab.outside(name, daemons::probe::record_path(kind)), none);
    }
}

}  // namespace

asio::awaitable<expect::ScenarioVerdict> run_scenario(RunningLab& lab, Past& past,
                                                      const model::Scenario& scenario,
                                                      const std::string& file, std::uint64_t seed,
                                                      Progress progress) {
  const auto executor = co_await asio::this_coro::executor;
  const auto steps = model::unroll(scenario, seed, lab.cluster().services);
  const std::string clock_host = lab.lab().hosts.begin()->first;
  remove_old_records(lab);
  progress("starting probes");
  auto programs = company(scenario, lab);
  co_await lab.accompany(std::move(programs));
  const auto before = counters(lab);
  past.read_on(lab.history());
  Performance performance{lab, past, progress};
  std::vector<probe::JitterRecord::Late> own_lateness;
  std::string trouble;
  {
    const Beside ipvs{executor, watch_ipvs(lab, look_interval)};
    const Beside lbds{executor, watch_lbds(lab, look_interval)};
    const Beside lateness{executor, watch_own_lateness(own_lateness)};
    try {
      co_await performance.steps(steps);
    } catch (const std::exception& error) {
      trouble = error.what();
    }
    co_await performance.settle(scenario.settle);
  }
  const auto after = counters(lab);
  progress("ending probes");
  RunningLab::Programs nobody;
  co_await lab.accompany(std::move(nobody));
  auto evidence = std::move(performance).evidence();
  evidence.counters = growth(before, after);
  evidence.records = records(lab, scenario, clock_host);
  evidence.reader_late = std::move(own_lateness);
  progress("judging");
  auto verdict = expect::judge(scenario, file, seed, evidence);
  verdict.trouble = trouble;
  co_return verdict;
}

}  // namespace lblab::scenario
