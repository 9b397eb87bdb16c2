#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "fixtures/ip_oracle.hpp"
#include "lab/apply/linux_kernel.hpp"
#include "lab/cluster/expand.hpp"
#include "lab/model/parse.hpp"
#include "lab/plan/compile.hpp"
#include "tests/kernel/ready_processes.hpp"

/// The papers' cluster with every program but lbd (this kernel may lack IPVS) and fibd, on the machine's own
/// kernel: what is rendered is what the programs take, and readiness is what they say.
namespace lblab {
namespace {

using namespace std::chrono_literals;

std::string programs() { return std::filesystem::read_symlink("/proc/self/exe").parent_path(); }

/// Plays lbd towards lbd-announce: listens where lbd does, and says which route to announce.
class PlayedLbd {
 public:
  explicit PlayedLbd(const std::string& run) : listening_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    const auto path = run + "/lbd/announce.sock", made = path + ".new";
    made.copy(address.sun_path, sizeof address.sun_path - 1);
    sys::check("bind " + made,
               ::bind(listening_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address));
    sys::check("listen", ::listen(listening_.get(), 1));
    std::filesystem::rename(made, path);
  }
  void announce(const std::string& next_hop) {
    connection_ = sys::Fd(
        sys::check("accept lbd-announce", ::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC)));
    const auto line = R"({"id":1,"routes":[{"route":"10.1.1.0/24","next-hop":")" + next_hop + "\"}]}\n";
    sys::check("write", static_cast<int>(::write(connection_.get(), line.data(), line.size())));
  }

 private:
  sys::Fd listening_, connection_;
};

class Daemons : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "lblab-daemons-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    state_ = pattern;
    kernel_ = std::make_unique<apply::LinuxKernel>(
        apply::LinuxKernel::Settings{
            .lab = "daemonstest", .state = state_, .name_namespaces = false, .programs = programs()},
        processes_);
  }
  void TearDown() override {
    balancers_.clear();
    kernel_.reset();
    std::filesystem::remove_all(state_);
  }

  static model::Cluster ecmp() {
    std::stringstream text;
    text << std::ifstream(std::string(LBLAB_SOURCE_DIR) + "/topologies/ecmp.yaml").rdbuf();
    return model::parse(text.str()).cluster.value();
  }

  void up(const model::Cluster& cluster, const model::Process& routers_own) {
    cluster::Placement placement;
    auto lab = expand(cluster, placement);
    for (auto& [name, host] : lab.hosts) {
      std::erase_if(host.processes,
                    [](const auto& process) { return process.name == "lbd" || process.name == "fibd"; });
      for (auto& process : host.processes)
        process.environment["PATH"] = programs() + ":" + sys::standard_path;
    }
    lab.hosts.at("router").processes.push_back(routers_own);
    kernel_->apply(plan::compile({}, lab));
    for (int n = 1; n <= 3; ++n)
      balancers_.emplace_back(state_ + "/hosts/" + cluster::load_balancer_name("web", n) + "/run");
    processes_.await_all();
    const char* const next_hops[] = {"10.0.0.105", "10.0.0.106", "10.0.0.107"};
    for (int n = 0; n < 3; ++n) balancers_[n].announce(next_hops[n]);
  }

  std::string run(const std::string& host, const std::vector<std::string>& argv) {
    return fixtures::run_in(kernel_->namespaces(host), argv);
  }

  std::string state_;
  ReadyProcesses processes_;
  std::unique_ptr<apply::LinuxKernel> kernel_;
  std::vector<PlayedLbd> balancers_;
};

constexpr const char* all_three_next_hops =
    "(?=.*10\\.0\\.0\\.105)(?=.*10\\.0\\.0\\.106)(?=.*10\\.0\\.0\\.107)";

TEST_F(Daemons, GobgpAndExabgpGiveTheRouterEveryPathAndNginxAnswersWithItsAddress) {
  model::Process monitor{.name = "monitor",
                         .argv = {"gobgp", "-j", "monitor", "global", "rib", "--current"},
                         .after = {"gobgpd"}};
  up(ecmp(), monitor);
  // An active gobgpd waits for up to 9 s before it connects.
  processes_.await("router", "gobgpd", "Peer Up.*10\\.0\\.0\\.109", 30s);
  processes_.await("router", "monitor", all_three_next_hops, 30s);

  std::map<std::string, int> states;
  for (const auto& peer : nlohmann::json::parse(run("rr", {"timeout", "10", "gobgp", "-j", "neighbor"})))
    states[peer["state"]["neighbor_address"]] = peer["state"]["session_state"];
  constexpr int established = 6;  // gobgp's PeerState
  EXPECT_THAT(states, testing::ElementsAre(testing::Pair("10.0.0.110", established),
                                           testing::Pair("172.16.1.4", established),
                                           testing::Pair("172.16.2.4", established),
                                           testing::Pair("172.16.3.4", established)));

  for (const auto* pod : {"172.16.1.2", "172.16.1.3", "172.16.2.2", "172.16.2.3", "172.16.3.2", "172.16.3.3"})
    EXPECT_EQ(run("rr", {"curl", "-sS", "-m", "10", std::string("http://") + pod}), pod);
  const auto answer = run("rr", {"curl", "-sSi", "-m", "10", "http://172.16.1.2"});
  EXPECT_THAT(answer, testing::HasSubstr("Content-Length: 10\r\n"));
  EXPECT_THAT(answer, testing::HasSubstr("Connection: keep-alive\r\n"));
}

TEST_F(Daemons, BirdAsRouterAndReflectorPutsAllNextHopsIntoTheKernel) {
  auto cluster = ecmp();
  for (auto& node : cluster.nodes)
    if (node.bgp) node.bgp->agent = model::BgpAgent::bird;
  up(cluster, {.name = "monitor", .argv = {"ip", "-o", "monitor", "route"}});
  processes_.await("router", "monitor", all_three_next_hops, 30s);
  std::set<std::string> gateways;
  const auto routes = fixtures::ip(kernel_->netns("router"), "route show 10.1.1.0/24");
  for (const auto& hop : routes.at(0).at("nexthops")) gateways.insert(hop["gateway"]);
  EXPECT_THAT(gateways, testing::ElementsAre("10.0.0.105", "10.0.0.106", "10.0.0.107"));
}

/// The source address that whoever is addressed sees, as connection tracking on the pod's node has it: where
/// the answer would go.
std::string seen_source(const std::string& conntrack) {
  const auto reply = conntrack.find("dst=", conntrack.find("dst=") + 1);
  return conntrack.substr(reply + 4, conntrack.find(' ', reply) - reply - 4);
}

TEST_F(Daemons, PodsKeepTheirAddressTowardsTheOverlayAndItsMembersAndNobodyElse) {
  auto cluster = ecmp();
  cluster.services[0].load_balancers.reset();
  cluster::Placement placement;
  auto lab = expand(cluster, placement);
  for (auto& [name, host] : lab.hosts) host.processes.clear();
  kernel_->apply(plan::compile({}, lab));
  const std::pair<const char*, const char*> expected[] = {
      {"172.16.2.2", "172.16.1.2"},  // a pod on another node
      {"10.0.0.106", "172.16.1.2"},  // another node
      {"10.0.0.109", "172.16.1.2"},  // the reflector
      {"10.0.0.110", "10.0.0.105"},  // the router, which is in the node network and knows no overlay
      {"192.0.2.10", "10.0.0.105"},  // the client
  };
  for (const auto& [destination, source] : expected) {
    // Refused, since nobody listens there: once that is known, the packet has been tracked both ways.
    const auto ask =
        std::string("exec 3<>/dev/udp/") + destination + "/9; echo >&3; read -t 5 -u 3 2>&1 | grep refused";
    run("web-1", {"bash", "-c", ask});
    EXPECT_EQ(seen_source(run("node1", {"conntrack", "-L", "-p", "udp", "--orig-dst", destination})), source)
        << "towards " << destination;
  }
}

}  // namespace
}  // namespace lblab
