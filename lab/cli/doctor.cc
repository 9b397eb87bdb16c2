#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "lab/cli/commands.hpp"
#include "lab/guest/features.hpp"
#include "lab/guest/image.hpp"
#include "lab/guest/machine.hpp"
#include "lab/run/state.hpp"

namespace lblab::cli {

namespace {

using nlohmann::json;

struct Line {
  std::string name;
  bool good = false;
  std::string note;      // for people: the remedy, or what was found
  bool optional = true;  // false: the cluster lab does not run without it
  bool always = false;   // the note is shown also when all is good
};

struct Findings {
  std::vector<Line> kernel, programs, guest;
};

constexpr const char* cluster_programs[] = {"lbd",   "lbd-announce", "fibd",  "gobgpd",
                                            "gobgp", "exabgp",       "nginx", "ip"};
constexpr const char* useful_programs[] = {"ipvsadm", "nft",  "tcpdump", "conntrack",
                                           "wrk",     "curl", "bird",    "keepalived"};
/// What the cluster of topologies/ecmp.yaml asks of a kernel.
constexpr const char* cluster_features[] = {"root",     "netns",  "mount",     "veth",
                                            "bridge",   "ipvs",   "multipath", "multipath-hash-fields",
                                            "nftables", "nexthop"};

std::vector<std::string> names(const std::vector<guest::Missing>& missing) {
  std::vector<std::string> out;
  for (const auto& one : missing) out.push_back(one.what);
  return out;
}

/// The rest is tried in a network namespace: unknown, rather than lacking, where none can be made and set up.
bool can_be_asked(guest::Features& features, const std::string& feature) {
  static const std::set<std::string> outside{"root", "netns", "mount", "userns"};
  return outside.contains(feature) || features.has("root");
}

std::vector<Line> ask_kernel(guest::Features& features) {
  std::vector<Line> out;
  for (const auto& feature : guest::kernel_features())
    if (can_be_asked(features, feature))
      out.push_back({feature, features.has(feature), guest::remedy(feature)});
    else
      out.push_back({feature, false, "not asked: that takes root"});
  return out;
}

std::vector<Line> ask_programs(guest::Features& features) {
  std::vector<Line> out;
  const auto ask = [&](const std::string& name, bool optional) {
    const auto feature = "program:" + name;
    out.push_back({name, features.has(feature), guest::remedy(feature), optional});
  };
  for (const auto* name : cluster_programs) ask(name, false);
  for (const auto* name : useful_programs) ask(name, true);
  return out;
}

Line ask_kvm(const std::optional<guest::Image>& image) {
  if (!image) return {"kvm", false, "not tried: there is no guest kernel to boot yet"};
  const auto kvm = guest::probe_kvm(*image);
  return {"kvm", kvm.usable, kvm.usable ? kvm.why : kvm.why + "; software emulation serves", true, true};
}

Line ask_folder(const std::string& name, std::string path, bool optional = false) {
  if (path.empty()) return {name, false, "none: set HOME", optional, true};
  // What is not there yet is made by the first who needs it, in the nearest folder that is.
  while (::access(path.c_str(), F_OK) != 0 && path.find('/', 1) != std::string::npos)
    path.erase(path.rfind('/'));
  return {name, ::access(path.c_str(), W_OK) == 0, path, optional, true};
}

Line ask_state_folder() {
  const auto problem = run::state_root_problem();
  if (!problem.empty()) return {"state folder", false, problem, false, true};
  return ask_folder("state folder", run::state_root());
}

std::vector<Line> ask_guest() {
  std::vector<Line> out;
  const auto image = guest::cached_image();
  out.push_back({"kernel", image.has_value(),
                 image ? image->release : "not fetched yet: the first guest downloads it (70 MB)", true,
                 true});
  for (const auto& missing : guest::missing_programs())
    out.push_back({missing.what, false, missing.remedy, false});
  out.push_back(ask_kvm(image));
  out.push_back(ask_folder("cache folder", guest::cache_folder(), image.has_value()));
  out.push_back(ask_state_folder());
  return out;
}

/// What keeps the cluster of topologies/ecmp.yaml from running, here and in a guest.
std::vector<std::string> hindrances(const Findings& findings, bool host_suffices) {
  std::vector<std::string> out;
  for (const auto& line : findings.programs)
    if (!line.good && !line.optional) out.push_back(line.name + " (" + line.note + ")");
  for (const auto& line : findings.guest)
    if (!line.good && !line.optional && !host_suffices) out.push_back(line.name + " (" + line.note + ")");
  return out;
}

json to_json(const std::vector<Line>& lines) {
  json out = json::array();
  for (const auto& line : lines)
    out.push_back({{"name", line.name}, {"good", line.good}, {"note", line.note}});
  return out;
}

void print(const std::string& title, const std::vector<Line>& lines, const char* good, const char* bad) {
  fmt::print("{}\n", title);
  for (const auto& line : lines) {
    const auto note =
        line.good && !line.always ? std::string() : std::string(line.good ? 1 : 2, ' ') + line.note;
    fmt::print("  {:<22} {}{}\n", line.name, line.good ? good : bad, note);
  }
}

int doctor(bool as_json) {
  guest::Features features;
  const Findings findings{ask_kernel(features), ask_programs(features), ask_guest()};
  std::set<std::string> wanted;
  for (const auto* feature : cluster_features)
    if (can_be_asked(features, feature)) wanted.insert(feature);
  const auto lacking = features.missing(wanted);
  const auto hindered = hindrances(findings, lacking.empty());
  const auto verdict =
      !hindered.empty() ? "the cluster lab cannot run here: " + fmt::format("{}", fmt::join(hindered, ", "))
      : lacking.empty() ? "the cluster lab runs on this kernel"
                        : fmt::format("the cluster lab runs in a guest kernel, for this one lacks: {}",
                                      fmt::join(names(lacking), ", "));
  if (as_json) {
    const json report{{"kernel", to_json(findings.kernel)},
                      {"programs", to_json(findings.programs)},
                      {"guest", to_json(findings.guest)},
                      {"runs", hindered.empty() ? (lacking.empty() ? "host" : "guest") : "nowhere"},
                      {"verdict", verdict}};
    fmt::print("{}\n", report.dump(2));
  } else {
    print("this kernel", findings.kernel, "yes", "no");
    print("programs", findings.programs, "yes", "no");
    print("guest", findings.guest, "yes", "no");
    fmt::print("{}\n", verdict);
  }
  return hindered.empty() ? fine : machine_lacks;
}

}  // namespace

void add_doctor(CLI::App& app, Run& run) {
  auto* command =
      app.add_subcommand("doctor", "Say what this machine has of what labs need, and who has the rest");
  auto as_json = std::make_shared<bool>();
  command->add_flag("--json", *as_json, "Print JSON");
  command->callback([&run, as_json] { run = [as_json] { return doctor(*as_json); }; });
}

}  // namespace lblab::cli
