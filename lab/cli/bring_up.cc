#include "lab/cli/bring_up.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <optional>

#include "lab/cli/client.hpp"
#include "lab/cli/commands.hpp"
#include "lab/cli/end_lab.hpp"
#include "lab/cli/start_supervisor.hpp"
#include "lab/cli/where.hpp"
#include "lab/guest/image.hpp"
#include "lab/plan/needs.hpp"
#include "lab/run/state.hpp"
#include "lab/sys/fd.hpp"

namespace lblab::cli {

namespace {

/// What the supervisor wrote last, for a failure's text; empty if it wrote nothing.
std::string last_lines(const std::string& file) {
  constexpr size_t most_bytes = 2000;
  if (!std::filesystem::exists(file)) return {};
  const std::string text = sys::read_file(file);
  if (text.empty()) return {};
  return "\nits supervisor wrote:\n" + text.substr(text.size() > most_bytes ? text.size() - most_bytes : 0);
}

lblab::run::Claim claim_name(const std::string& lab, const Progress& progress) {
  lblab::run::Claim claim;
  auto taken = lblab::run::claim(lab, claim);
  if (taken == lblab::run::Taken::left_behind) {
    progress("clearing away what a crashed lab of this name left");
    lblab::run::clean(lab);
    taken = lblab::run::claim(lab, claim);
  }
  if (taken)
    throw Failure{bad_input, "a lab called " + lab + " is running; `lblab down " + lab +
                                 "` ends it, --name gives this one another name"};
  return claim;
}

/// Hands the topology over, follows what the supervisor tells until it is ready, and goes on.
void hand_over(const Topology& topology, const BringUp& options, const Progress& progress,
               const std::function<void()>& is_up, const WhenReady& when_ready) {
  nlohmann::json last = nlohmann::json::object();
  const std::string request = nlohmann::json{
      {"topology", topology.text},
      {"file", options.file},
      {"ends-with-me",
       options.ends_with_us}}.dump();
  run([&]() -> asio::awaitable<void> {
    auto socket = co_await open_socket(topology.cluster.name, "/up");
    co_await socket.send(request);
    for (;;) {
      const auto message = co_await socket.receive();
      if (!message) break;
      last = nlohmann::json::parse(*message);
      if (last.contains("progress")) progress(last["progress"].get<std::string>());
      if (last.value("ready", false)) break;
    }
    if (!last.value("ready", false)) co_return;
    is_up();
    progress("ready");
    co_await when_ready(socket);
  });
  if (last.value("ready", false)) return;
  throw Failure{last.value("code", static_cast<int>(lab_fault)),
                last.value("error", "the supervisor ended before the lab was ready")};
}

}  // namespace

void Progress::operator()(const std::string& text) const {
  const std::chrono::duration<double> since = std::chrono::steady_clock::now() - start_;
  fmt::print("{:6.1f} s  {}{}\n", since.count(), prefix_, text);
  std::fflush(stdout);
}

Progress Progress::of(const std::string& name) const {
  auto named = *this;
  named.prefix_ = name + ": ";
  return named;
}

void bring_up(const Topology& topology, const BringUp& options, const Progress& progress,
              const WhenReady& when_ready) {
  const std::string& lab = topology.cluster.name;
  auto needs = plan::needs(topology.plan);
  needs.insert(options.further_needs.begin(), options.further_needs.end());
  const Where where = choose_kernel(needs, options.kernel);
  if (where.guest) {
    progress(where.why);
    guest::prepare_image(progress);
  }
  auto claim = std::make_optional(claim_name(lab, progress));
  try {
    auto coming_up = std::move(claim->coming_up);
    start_supervisor(*claim, where.guest);
    claim.reset();
    hand_over(
        topology, options, progress, [&] { coming_up = {}; }, when_ready);
  } catch (const std::exception& error) {
    const std::string log = last_lines(lblab::run::state_folder(lab) + "/supervisor.log");
    claim.reset();
    end_lab(lab);
    const auto* failure = dynamic_cast<const Failure*>(&error);
    throw Failure{failure ? failure->code : static_cast<int>(lab_fault), error.what() + log};
  }
}

}  // namespace lblab::cli
