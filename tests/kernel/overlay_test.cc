#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <filesystem>
#include <random>

#include "lab/cluster/expand.hpp"
#include "lab/model/parse.hpp"
#include "tests/kernel/lab_fixture.hpp"
#include "tests/kernel/ready_processes.hpp"

/// The overlay's control plane in the kernel, as `ip` and `bridge` have it; and overlayd among packets that
/// no overlayd sent.
namespace lblab {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

class VxlanEntries : public KernelTest {
 protected:
  static model::Cluster cluster() {
    return model::parse(
               "name: t\n"
               "networks: {net: {subnet: 10.0.0.0/16}}\n"
               "nodes:\n"
               "  n1: {role: node, interfaces: {net: 10.0.0.11}}\n"
               "  n2: {role: node, interfaces: {net: 10.0.0.12}}\n"
               "  n3: {role: node, interfaces: {net: 10.0.0.13}}\n"
               "overlay: {backend: vxlan}\n")
        .cluster.value();
  }
  static Lab lab(const std::set<std::string>& away) {
    cluster::Placement placement;
    placement.away = away;
    return cluster::expand(cluster(), placement);
  }
  /// "MAC → node".
  std::vector<std::string> forwarding() {
    std::vector<std::string> found;
    for (const auto& entry :
         nlohmann::json::parse(run("n1", {"bridge", "-j", "fdb", "show", "dev", "overlay"})))
      found.push_back(entry["mac"].get<std::string>() + " → " + entry.value("dst", "nobody"));
    return found;
  }
  std::vector<std::string> column(const std::string& arguments, const std::string& key) {
    std::vector<std::string> found;
    for (const auto& row : ip("n1", arguments)) found.push_back(row[key]);
    return found;
  }
};

TEST_F(VxlanEntries, FollowNodesThatLeaveAndComeBack) {
  const auto full = lab({}), less = lab({"n2"});
  up(full);
  const auto all_are_there = [&] {
    EXPECT_THAT(forwarding(),
                UnorderedElementsAre("02:00:0a:00:00:0c → 10.0.0.12", "02:00:0a:00:00:0d → 10.0.0.13"));
    EXPECT_THAT(column("neigh show dev overlay", "dst"), UnorderedElementsAre("172.16.2.1", "172.16.3.1"));
    EXPECT_THAT(column("route show dev overlay", "dst"),
                UnorderedElementsAre("172.16.2.0/24", "172.16.3.0/24"));
  };
  all_are_there();
  kernel_->apply(plan::compile(full, less));
  EXPECT_THAT(forwarding(), UnorderedElementsAre("02:00:0a:00:00:0d → 10.0.0.13"));
  EXPECT_THAT(column("neigh show dev overlay", "dst"), UnorderedElementsAre("172.16.3.1"));
  EXPECT_THAT(column("route show dev overlay", "dst"), UnorderedElementsAre("172.16.3.0/24"));
  kernel_->apply(plan::compile(less, full));
  all_are_there();
}

TEST_F(VxlanEntries, AreNeverLearnt) {
  up(lab({}));
  const auto device = ip("n1", "-d link show dev overlay")[0]["linkinfo"]["info_data"];
  EXPECT_FALSE(device.value("learning", true)) << device;
  run("n1", {"ping", "-c", "1", "-W", "10", "172.16.2.1"});
  for (const auto& entry : ip("n1", "neigh show dev overlay"))
    EXPECT_EQ(entry["state"][0], "PERMANENT") << entry;
  EXPECT_EQ(forwarding().size(), 2u);
}

/// "left" and "right" with an overlayd each, between 172.16.1.1 and 172.16.2.1.
class Overlayd : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "lblab-overlayd-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    state_ = pattern;
    kernel_ = std::make_unique<apply::LinuxKernel>(
        apply::LinuxKernel::Settings{
            .lab = "overlaydtest", .state = state_, .name_namespaces = false, .programs = programs()},
        processes_);
    lab_ = two_hosts();
    lab_.hosts["right"].links[0].addresses.push_back(prefix("10.9.0.3/24"));
    add("left", "10.9.0.1", "172.16.1.1/24", "{to: 172.16.2.0/24, via: 10.9.0.2}");
    add("right", "10.9.0.2", "172.16.2.1/24", "{to: 172.16.1.0/24, via: 10.9.0.1}");
    kernel_->apply(plan::compile({}, lab_));
    processes_.await_all();
  }
  void TearDown() override {
    kernel_.reset();
    std::filesystem::remove_all(state_);
  }

  static std::string programs() { return std::filesystem::read_symlink("/proc/self/exe").parent_path(); }

  void add(const std::string& name, const std::string& own, const char* pods, const std::string& route) {
    auto& host = lab_.hosts[name];
    host.links.push_back({.name = "overlay", .kind = Tun{}, .mtu = 1472});
    host.links.push_back({.name = "lo", .kind = Loopback{}, .addresses = {prefix(pods)}});
    host.routes.push_back({.destination = prefix("172.16.0.0/16"),
                           .next_hops = {{.link = "overlay"}},
                           .source = prefix(pods).address});
    host.files = {{config, text(own, route)}};
    host.processes = {{.name = "overlayd",
                       .argv = {"overlayd", "--config", config},
                       .environment = {{"PATH", programs() + ":" + sys::standard_path}},
                       .ready = {.when = Ready::When::output, .pattern = "\"event\":\"ready\""}}};
  }
  static std::string text(const std::string& own, const std::string& route) {
    return "device: overlay\nlisten: " + own + "\nroutes: [" + route + "]\n";
  }

  std::string run(const std::string& host, const std::vector<std::string>& argv) {
    return fixtures::run_in(kernel_->namespaces(host), argv);
  }
  void ping_passes() {
    EXPECT_THAT(run("left", {"ping", "-c", "1", "-W", "10", "172.16.2.1"}), HasSubstr("1 received"));
  }
  void rewrite(const std::string& host, std::string text) {
    const Lab have = lab_;
    lab_.hosts[host].files[0].text = std::move(text);
    kernel_->apply(plan::compile(have, lab_));
  }
  /// Datagrams to left's overlayd, from an address of right's.
  void send(const char* from, const std::vector<std::string>& datagrams) {
    const sys::Fd socket{
        kernel_->netns("right").within([] { return ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0); })};
    const auto own = endpoint(from, 0), to = endpoint("10.9.0.1", 8285);
    sys::check("bind", ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own));
    for (const auto& datagram : datagrams)
      sys::check("send", static_cast<int>(::sendto(socket.get(), datagram.data(), datagram.size(), 0,
                                                   reinterpret_cast<const sockaddr*>(&to), sizeof to)));
  }
  static sockaddr_in endpoint(const char* text, std::uint16_t port) {
    sockaddr_in made{};
    made.sin_family = AF_INET;
    made.sin_port = htons(port);
    made.sin_addr.s_addr = htonl(address(text).v4_number());
    return made;
  }
  void ask_for_counters() { processes_.signal("left", lab_.hosts["left"].processes[0], SIGUSR1); }

  static constexpr const char* config = "/run/overlayd.yaml";
  std::string state_;
  Lab lab_;
  ReadyProcesses processes_;
  std::unique_ptr<apply::LinuxKernel> kernel_;
};

/// An echo request from 172.16.2.1 to 172.16.1.1, as RFC 791 and 792 have it, its sums left out.
std::string echo_request() {
  std::string packet(28, '\0');
  packet[0] = 0x45;
  packet[3] = 28;
  packet[8] = 64;
  packet[9] = 1;
  const char addresses[] = {static_cast<char>(172), 16, 2, 1, static_cast<char>(172), 16, 1, 1};
  packet.replace(12, sizeof addresses, addresses, sizeof addresses);
  packet[20] = 8;
  return packet;
}

TEST_F(Overlayd, OutlivesTruncatedAndMalformedPackets) {
  std::vector<std::string> malformed;
  for (std::size_t length = 0; length < 28; ++length) malformed.push_back(echo_request().substr(0, length));
  for (const char first : {'\x00', '\x44', '\x60', '\xff'}) {
    malformed.push_back(echo_request());
    malformed.back()[0] = first;
  }
  malformed.push_back(echo_request());
  malformed.back()[2] = '\x7f';  // a length of 32 KiB
  send("10.9.0.2", malformed);
  send("10.9.0.3", {echo_request(), "x"});
  ping_passes();
  ask_for_counters();
  EXPECT_NO_THROW(processes_.await(
      "left", "overlayd",
      "\"event\":\"counters\",\"from-strangers\":2,\"malformed\":" + std::to_string(malformed.size())));
}

/// Headers that say they are whole, with anything behind and in them: for the kernel to refuse.
TEST_F(Overlayd, OutlivesNoise) {
  std::mt19937 random{1};
  std::vector<std::string> datagrams;
  for (int n = 0; n < 2'000; ++n) {
    std::string bytes(random() % 1'500, '\0');
    for (auto& byte : bytes) byte = static_cast<char>(random());
    if (bytes.size() >= 4 && n % 2) {
      bytes[0] = static_cast<char>(0x45 + random() % 11);
      bytes[2] = static_cast<char>(bytes.size() >> 8);
      bytes[3] = static_cast<char>(bytes.size());
    }
    datagrams.push_back(std::move(bytes));
  }
  send("10.9.0.2", datagrams);
  ping_passes();
  ask_for_counters();
  EXPECT_NO_THROW(processes_.await("left", "overlayd", "\"event\":\"counters\""));
}

TEST_F(Overlayd, FollowsItsRoutesAndRefusesAFileThatItDoesNotUnderstand) {
  ping_passes();
  rewrite("left", text("10.9.0.1", "{to: 172.16.2.0/24, via: 10.9.0.77}"));
  processes_.await("left", "overlayd", "\"event\":\"routes\"");
  EXPECT_THROW(run("left", {"ping", "-c", "1", "-W", "1", "172.16.2.1"}), std::runtime_error);
  rewrite("left", text("10.9.0.1", "{to: 172.16.2.0/24, via: 10.9.0.2}, {to: 172.16.3.0/24, via: 10.9.0.2}"));
  processes_.await("left", "overlayd", "\"event\":\"routes\",\"routes\":2");
  ping_passes();
  rewrite("left", "routes: 7\n");
  processes_.await("left", "overlayd", "\"event\":\"refused\"");
  ping_passes();
}

}  // namespace
}  // namespace lblab
