#include "lab/run/running_lab.hpp"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "lab/daemons/lbd.hpp"
#include "lab/observe/monitor.hpp"
#include "lab/plan/compile.hpp"
#include "lab/run/balancer.hpp"
#include "lab/run/snapshot.hpp"

namespace lblab::run {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

namespace {

constexpr auto settle_limit =
    120s;  // gobgpd's first connection takes up to 9 s, exabgp under emulation as much: findings of bgp

template <class Kind>
bool is(const plan::Op& op) {
  return std::holds_alternative<Kind>(op);
}

std::string text_of(const std::set<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text.empty() ? "none" : text;
}

}  // namespace

RunningLab::Turn::Turn(RunningLab& lab) : lab_(lab) { lab_.changing_ = true; }

RunningLab::Turn::~Turn() {
  lab_.changing_ = false;
  lab_.history_.append({{"event", "change-done"}});
}

RunningLab::RunningLab(asio::any_io_executor executor, std::string name, std::string state,
                       std::string programs)
    : executor_(std::move(executor)),
      name_(std::move(name)),
      state_(std::move(state)),
      programs_(std::move(programs)),
      history_(executor_, state_ + "/events.jsonl"),
      processes_(executor_, history_, state_ + "/logs"),
      lines_(processes_.listen([this](const std::string& host, const std::string& process, auto line) {
        if (process == "lbd" && line.find(R"("event":"table")") != line.npos &&
            line.find("add destination") != line.npos)
          balancing_.insert(host);
      })) {
  std::filesystem::create_directories(state_ + "/logs");
  kernel_ = std::make_unique<apply::LinuxKernel>(
      apply::LinuxKernel::Settings{.lab = name_, .state = state_, .programs = programs_}, processes_);
  processes_.spawn = [this](const std::string& host, const model::Process& process) {
    kernel_->apply(std::vector<plan::Op>{plan::Spawn{host, process}});
  };
}

RunningLab::~RunningLab() {
  watches_.clear();
  for (const auto& [name, host] : have_.hosts) processes_.removed(name);
  kernel_.reset();
}

model::Lab RunningLab::expanded() {
  model::Lab lab = cluster::expand(cluster_, placement_);
  lab.name = name_;
  for (const auto& [name, programs] : company_)
    if (const auto host = lab.hosts.find(name); host != lab.hosts.end())
      for (const auto& program : programs) {
        host->second.files.insert(host->second.files.end(), program.files.begin(), program.files.end());
        host->second.processes.push_back(program.process);
      }
  for (auto& [name, host] : lab.hosts)
    for (auto& process : host.processes)
      process.environment.emplace("PATH", programs_ + ":" + sys::standard_path);
  return lab;
}

asio::awaitable<void> RunningLab::up(model::Cluster cluster, Progress progress) {
  Turn turn{*this};
  cluster_ = std::move(cluster);
  as_written_ = cluster_.services;
  model::Lab want = expanded();
  progress("making " + std::to_string(want.hosts.size()) + " hosts");
  co_await change_to(std::move(want));
  co_await settle(&RunningLab::missing_of_all, progress, settle_limit);
  history_.append({{"event", "up"}});
}

asio::awaitable<void> RunningLab::my_turn() {
  co_await history_.until([this] { return !changing_; }, steady_clock::now() + settle_limit);
}

asio::awaitable<void> RunningLab::scale(const std::string& service, bool load_balancers, int replicas) {
  const std::optional<int> number = replicas, none;
  co_await set_replicas(service, load_balancers ? none : number, load_balancers ? number : none);
  co_await settle(
      &RunningLab::missing, [](const std::string&) {}, settle_limit);
}

asio::awaitable<void> RunningLab::set_replicas(const std::string& service, std::optional<int> pods,
                                               std::optional<int> load_balancers) {
  co_await my_turn();
  Turn turn{*this};
  const auto found = std::ranges::find(cluster_.services, service, &model::Service::name);
  if (found == cluster_.services.end()) throw Refused{"no service is called " + service};
  if (load_balancers && !found->load_balancers) throw Refused{service + " has no load balancers"};
  if (pods.value_or(0) < 0 || load_balancers.value_or(0) < 0)
    throw Refused{"a number of replicas cannot be negative"};
  const auto before = *found;
  const auto placed_before = placement_;
  if (pods) found->pods.replicas = *pods;
  if (load_balancers) found->load_balancers->replicas = *load_balancers;
  try {
    model::Lab want = expanded();
    if (pods) history_.append({{"event", "scale"}, {"service", service}, {"pods", *pods}});
    if (load_balancers)
      history_.append({{"event", "scale"}, {"service", service}, {"load-balancers", *load_balancers}});
    co_await change_to(std::move(want));
  } catch (...) {
    *found = before;
    placement_ = placed_before;
    throw;
  }
}

/// The monitors open between the last op that prepares a host and the first that starts something there, so
/// nothing that a process does goes unseen. On failure the machine is taken back to `have`.
asio::awaitable<void> RunningLab::change_to(model::Lab want) {
  const plan::Plan plan = plan::compile(have_, want);
  const std::span<const plan::Op> ops{plan};
  const auto first_other = std::ranges::find_if_not(ops, is<plan::Stop>);
  const auto stops = ops.first(static_cast<size_t>(first_other - ops.begin()));
  const auto rest = ops.subspan(stops.size());
  const auto first_spawn = std::ranges::find_if(rest, is<plan::Spawn>);
  const auto prepare = rest.first(static_cast<size_t>(first_spawn - rest.begin()));
  std::exception_ptr failed;
  try {
    if (!stops.empty()) co_await tell_balancers(rest);
    for (const auto& turn : plan::stop_turns(stops)) {
      kernel_->apply(turn);
      co_await let_stop(turn);
    }
    kernel_->apply(prepare);
    watch(prepare);
    kernel_->apply(rest.subspan(prepare.size()));
  } catch (...) {
    failed = std::current_exception();
  }
  if (failed) {
    try {
      kernel_->apply(plan::compile(want, have_), apply::Absent::is_fine);
    } catch (const std::exception& error) {  // told, but what failed first is the news
      history_.append({{"event", "not-taken-back"}, {"why", error.what()}});
    }
    std::rethrow_exception(failed);
  }
  for (const auto& op : ops)
    if (const auto* gone = std::get_if<plan::RemoveHost>(&op)) {
      watches_.erase(gone->host);
      routes_.erase(gone->host);
      std::erase_if(running_links_, [&](const End& end) { return end.host == gone->host; });
      balancing_.erase(gone->host);
    }
  have_ = std::move(want);
}

/// A load balancer is to have forgotten a pod before that pod stops: the lists of endpoints are written
/// first, and every lbd that got one is given the time to say that it has read it. The plan writes them again
/// later, which changes nothing.
asio::awaitable<void> RunningLab::tell_balancers(std::span<const plan::Op> ops) {
  constexpr auto patience = 3s;
  std::set<std::string> unaware;
  const size_t mark = history_.lines().size();
  for (const auto& op : ops) {
    const auto* write = std::get_if<plan::WriteFile>(&op);
    if (!write || !write->file.path.starts_with("/run/lbd/endpoints/") ||
        !processes_.running(write->host, "lbd"))
      continue;
    kernel_->apply(std::span{&op, 1});
    unaware.insert(write->host);
  }
  co_await history_.until(
      [&, next = mark]() mutable {
        for (; next < history_.lines().size(); ++next) {
          const auto event = nlohmann::json::parse(history_.lines()[next]);
          if (event["event"] == "endpoints") unaware.erase(event["host"].get<std::string>());
        }
        return unaware.empty();
      },
      steady_clock::now() + patience);
}

asio::awaitable<void> RunningLab::let_stop(std::span<const plan::Op> stops) {
  auto grace = 0ms;
  for (const auto& op : stops) grace = std::max(grace, std::get<plan::Stop>(op).process.stop_grace);
  co_await history_.until(
      [&] {
        return std::ranges::none_of(stops, [this](const plan::Op& op) {
          const auto& stop = std::get<plan::Stop>(op);
          return stop.process.stop_signal != 0 && processes_.running(stop.host, stop.process.name);
        });
      },
      steady_clock::now() + grace);
}

void RunningLab::watch(std::span<const plan::Op> ops) {
  for (const auto& op : ops) {
    const auto* added = std::get_if<plan::AddHost>(&op);
    if (!added) continue;
    const std::string host = added->host;
    watches_[host] = std::make_unique<observe::Monitor>(executor_, host, kernel_->netns(host),
                                                        [this](const observe::Event& event) { note(event); });
  }
}

void RunningLab::note(const observe::Event& event) {
  if (event.link) {
    const End end{event.host, event.link->name};
    if (event.link->carrier && !event.removed)
      running_links_.insert(end);
    else
      running_links_.erase(end);
  }
  if (event.route && event.route->table == RT_TABLE_MAIN) {
    auto& next_hops = routes_[event.host][event.route->destination.str()];
    next_hops.clear();
    for (const auto& hop : event.route->next_hops)
      if (hop.via) next_hops.insert(hop.via->str());
  }
  history_.append(to_json(event));
}

std::vector<std::string> RunningLab::missing() const {
  std::vector<std::string> texts;
  for (const auto& name : processes_.unready()) texts.push_back(name + " is not ready");
  for (const auto& [router, wanted] : expected_routes(cluster_, placement_)) {
    for (const auto& [destination, next_hops] : wanted) {
      const auto table = routes_.find(router);
      std::set<std::string> seen;
      if (table != routes_.end() && table->second.contains(destination)) seen = table->second.at(destination);
      if (seen != next_hops)
        texts.push_back(router + " should reach " + destination + " by " + text_of(next_hops) + " and has " +
                        text_of(seen));
    }
  }
  return texts;
}

std::vector<std::string> RunningLab::missing_of_all() const {
  auto texts = missing();
  for (const auto& [name, host] : have_.hosts)
    for (const auto& link : wires(name))
      if (!running_links_.contains({name, link}))
        texts.push_back(name + "'s " + link + " has no carrier yet");
  for (const auto& host : unannounced_balancers(cluster_, placement_))
    if (!balancing_.contains(host)) texts.push_back(host + " has no real server yet");
  return texts;
}

asio::awaitable<void> RunningLab::settle(Missing missing, Progress progress, std::chrono::seconds limit) {
  size_t shown = 0;
  const bool settled = co_await history_.until(
      [&] {
        const auto left = (this->*missing)();
        if (!left.empty() && left.size() != shown) {
          shown = left.size();
          progress("waiting: " + left.front() +
                   (shown > 1 ? " (and " + std::to_string(shown - 1) + " more)" : ""));
        }
        return left.empty();
      },
      steady_clock::now() + limit);
  if (settled) co_return;
  std::string text = "not ready after " + std::to_string(limit.count()) + " s:";
  for (const auto& one : (this->*missing)()) text += "\n  " + one;
  throw NotReady{text};
}

const model::Host& RunningLab::host(const std::string& name) const {
  const auto found = have_.hosts.find(name);
  if (found == have_.hosts.end()) throw Refused{"no host of this lab is called " + name};
  return found->second;
}

void RunningLab::kill(const std::string& name, const std::string& process, int signal,
                      std::optional<model::Restart> again) {
  host(name);
  if (!processes_.has(name, process)) throw Refused{name + " has no process " + process};
  if (processes_.kill(name, process, signal, again) == 0)
    throw Refused{"nothing of " + name + (process.empty() ? "" : "/" + process) + " is running"};
}

void RunningLab::start(const std::string& name, const std::string& process) {
  host(name);
  if (processes_.start(name, process) == 0)
    throw Refused{"nothing of " + name + (process.empty() ? "" : "/" + process) + " has ended"};
}

std::vector<int> RunningLab::namespaces(const std::string& name) {
  host(name);
  return kernel_->namespaces(name);
}

std::vector<std::string> RunningLab::environment() const {
  return {"PATH=" + programs_ + ":" + sys::standard_path, "HOME=/root", "LANG=C.UTF-8"};
}

asio::awaitable<nlohmann::json> RunningLab::inspect() {
  using nlohmann::json;
  json hosts = json::object();
  for (const auto& [name, host] : have_.hosts) {
    json addresses = json::array();
    for (const auto& link : host.links)
      for (const auto& address : link.addresses)
        addresses.push_back({{"link", link.name}, {"address", address.str()}});
    const auto seat = placement_.seats.find(name);
    hosts[name] = {{"role", host.role}, {"addresses", addresses}};
    if (seat != placement_.seats.end()) hosts[name]["node"] = seat->second.node;
  }
  json services = json::array();
  for (const auto& service : cluster_.services)
    services.push_back({{"name", service.name},
                        {"addresses", service.addresses.str()},
                        {"port", service.port},
                        {"pods", service.pods.replicas},
                        {"load-balancers", service.load_balancers ? service.load_balancers->replicas : 0}});
  json routes = json::object();
  for (const auto& [router, table] : expected_routes(cluster_, placement_))
    for (const auto& [destination, expected] : table) {
      const auto seen = routes_.find(router);
      const bool there = seen != routes_.end() && seen->second.contains(destination);
      routes[router][destination] = there ? json(seen->second.at(destination)) : json::array();
    }
  json sessions = json::array(), ipvs = json::object(), others = json::object();
  std::vector<std::string> by_lbd;
  std::vector<std::pair<std::string, std::string>> speakers;  // host, process
  for (const auto& [name, host] : have_.hosts)
    for (const auto& process : host.processes) {
      if (process.name == "lbd") {
        if (balances_by_ipvs(host))
          ipvs[name] = ipvs_table(kernel_->netns(name));
        else
          by_lbd.push_back(name);
      }
      if (is_bgp_speaker(process.name)) speakers.emplace_back(name, process.name);
    }
  json all = {
      {"name", name_}, {"hosts", hosts}, {"services", services}, {"routes", routes}, {"missing", missing()}};
  all["processes"] = processes_.state();
  all["ipvs"] = ipvs;
  for (const auto& name : by_lbd)
    if (auto told = co_await told_by_lbd(outside(name, daemons::lbd::control_socket)))
      others[name] = std::move(*told);
  all["real-servers"] = others;
  for (const auto& [name, process] : speakers) {
    if (!have_.hosts.contains(name)) continue;  // gone while another one answered
    const json of_host =
        co_await bgp_sessions(name, process, namespaces(name), programs_ + ":" + sys::standard_path);
    sessions.insert(sessions.end(), of_host.begin(), of_host.end());
  }
  all["sessions"] = sessions;
  co_return all;
}

}  // namespace lblab::run
