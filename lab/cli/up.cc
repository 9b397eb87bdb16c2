#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <optional>

#include "lab/cli/client.hpp"
#include "lab/cli/commands.hpp"
#include "lab/cli/end_lab.hpp"
#include "lab/cli/first_look.hpp"
#include "lab/cli/start_supervisor.hpp"
#include "lab/cli/topology_file.hpp"
#include "lab/cli/where.hpp"
#include "lab/guest/image.hpp"
#include "lab/plan/needs.hpp"
#include "lab/run/state.hpp"
#include "lab/sys/fd.hpp"

namespace lblab::cli {

namespace {

struct Options {
  std::string file, name, kernel = "auto";
};

/// Lines with the time since the command began, so that nothing takes longer than two seconds unseen.
class Progress {
 public:
  void operator()(const std::string& text) const {
    const std::chrono::duration<double> since = std::chrono::steady_clock::now() - start_;
    fmt::print("{:6.1f} s  {}\n", since.count(), text);
    std::fflush(stdout);
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

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

/// Hands the topology over and follows what the supervisor tells until it is ready.
void bring_up(const std::string& lab, const Topology& topology, const Options& options,
              const Progress& progress) {
  nlohmann::json last;
  const std::string request = nlohmann::json{{"topology", topology.text}, {"file", options.file}}.dump();
  run([&]() -> asio::awaitable<void> {
    auto socket = co_await open_socket(lab, "/up");
    co_await socket.send(request);
    for (;;) {
      const auto message = co_await socket.receive();
      if (!message) break;
      last = nlohmann::json::parse(*message);
      if (last.contains("progress")) progress(last["progress"].get<std::string>());
    }
  });
  if (last.is_null()) last = nlohmann::json::object();
  if (last.value("ready", false)) return;
  throw Failure{last.value("code", static_cast<int>(lab_fault)),
                last.value("error", "the supervisor ended before the lab was ready")};
}

int up(const Options& options) {
  const Progress progress;
  const Topology topology = load_topology(options.file, options.name);
  const std::string& lab = topology.cluster.name;
  const Where where = choose_kernel(plan::needs(topology.plan), options.kernel);
  if (where.guest) {
    progress(where.why);
    guest::prepare_image(progress);
  }
  auto claim = std::make_optional(claim_name(lab, progress));
  try {
    auto coming_up = std::move(claim->coming_up);
    start_supervisor(*claim, where.guest);
    claim.reset();
    bring_up(lab, topology, options, progress);
    coming_up = {};
    progress("ready");
    fmt::print("\n{}", first_look(lab, topology.cluster));
    progress("done; `lblab exec NODE -- CMD`, `lblab inspect`, `lblab down` go on from here");
  } catch (const std::exception& error) {
    const std::string log = last_lines(lblab::run::state_folder(lab) + "/supervisor.log");
    claim.reset();
    end_lab(lab);
    const auto* failure = dynamic_cast<const Failure*>(&error);
    throw Failure{failure ? failure->code : static_cast<int>(lab_fault), error.what() + log};
  }
  return fine;
}

}  // namespace

void add_up(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("up", "Bring a lab up from a topology file and leave it running");
  auto options = std::make_shared<Options>();
  command->add_option("FILE", options->file, "the topology")->required();
  command->add_option("--name", options->name, "the lab's name, instead of the file's");
  command
      ->add_option("--kernel", options->kernel,
                   "host, guest, or auto: the guest where this kernel or user cannot")
      ->check(CLI::IsMember({"auto", "host", "guest"}))
      ->capture_default_str();
  command->callback([=, &run] { run = [=] { return up(*options); }; });
}

}  // namespace lblab::cli
