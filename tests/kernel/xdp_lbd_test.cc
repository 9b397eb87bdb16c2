#include <gmock/gmock.h>
#include <linux/rtnetlink.h>
#include <poll.h>

#include <array>
#include <list>
#include <map>
#include <set>

#include "lab/nl/events.hpp"
#include "tests/kernel/lab_fixture.hpp"
#include "tests/kernel/program.hpp"

/// The real lbd with `dataplane: xdp` in a container's veth, as a lab makes it: real servers on its link,
/// which answer their clients past it.
namespace lblab {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using Shares = std::map<std::string, int>;

const std::vector<std::string> servers{"172.16.1.3", "172.16.1.4", "172.16.1.5"};

/// client - router - a bridge with lb and the servers, of which each has the service's addresses. Between lb
/// and s5 there is another link, which nobody uses.
Lab beside_each_other() {
  Lab lab;
  const auto route = [](const char* to, const char* via) {
    return Route{.destination = prefix(to), .next_hops = {{.via = address(via), .link = ""}}};
  };
  auto& router = add_host(lab, "router");
  router.sysctls = {{"net.ipv4.ip_forward", "1"}};
  router.links = {{.name = "lan", .kind = Bridge{}, .addresses = {prefix("172.16.1.1/24")}},
                  {.name = "outside", .kind = Veth{"client", "eth0"}, .addresses = {prefix("192.0.2.1/24")}},
                  {.name = "balanced", .kind = Veth{"lb", "eth0"}, .master = "lan", .feeds_xdp = true}};
  router.routes = {route("10.1.1.0/24", "172.16.1.2")};
  const auto attach = [&](const std::string& name, const char* own, const char* gateway) -> Host& {
    auto& host = add_host(lab, name);
    host.links = {{.name = "eth0", .kind = VethPeer{}, .addresses = {prefix(own)}}};
    host.routes = {route("0.0.0.0/0", gateway)};
    return host;
  };
  attach("client", "192.0.2.10/24", "192.0.2.1");
  attach("lb", "172.16.1.2/24", "172.16.1.1").links.push_back({.name = "eth1", .kind = VethPeer{}});
  for (const auto& server : servers) {
    const auto name = "s" + server.substr(server.rfind('.') + 1);
    router.links.push_back({.name = "to-" + name, .kind = Veth{name, "eth0"}, .master = "lan"});
    auto& host = attach(name, (server + "/24").c_str(), "172.16.1.1");
    if (name == "s5") host.links.push_back({.name = "eth1", .kind = Veth{"lb", "eth1"}, .feeds_xdp = true});
    host.routes.push_back({.destination = prefix("10.1.1.0/24"),
                           .next_hops = {{.via = {}, .link = "lo"}},
                           .type = Route::Type::local,
                           .table = 255});
  }
  for (auto& [name, host] : lab.hosts)
    for (const auto* device : {"all", "default"})
      host.sysctls[std::string("net.ipv4.conf.") + device + ".rp_filter"] = "0";
  return lab;
}

const std::string configuration = R"(
control: FOLDER/control.sock
dataplane: xdp
drain-limit: 30s
services:
  - name: web
    addresses: 10.1.1.0/24
    port: any
    forwarding: direct
    weight: 3
    endpoints: FOLDER/web.yaml
    health: {tcp: 80, interval: 100ms, fall: 2}
)";

/// Asks over one connection whenever it is told to by SIGUSR1, and prints who answered; "" when it broke.
constexpr const char* ask_when_told = R"(
import signal, socket
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
s = socket.create_connection(('10.1.1.7', 80), 20)
while True:
    try:
        s.sendall(b'GET / HTTP/1.1\r\nHost: web\r\n\r\n')
        answer = b''
        while b'<' not in answer:
            part = s.recv(4096)
            if not part: break
            answer += part
        print('by', answer[answer.rfind(b'\n') + 1:].decode(), flush=True)
    except OSError as e:
        print('by nobody:', e, flush=True)
    signal.sigwait({signal.SIGUSR1})
)";

class XdpLbd : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    std::string pattern = (std::filesystem::temp_directory_path() / "lbd-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    up(beside_each_other());
    auto text = configuration;
    for (std::size_t at; (at = text.find("FOLDER")) != text.npos;) text.replace(at, 6, folder_);
    sys::write_file(folder_ + "/lbd.yaml", text);
    for (const auto& server : servers) serve(server);
    endpoints(servers);
    start_lbd();
    until_all_serve();
  }

  void TearDown() override {
    if (HasFailure())
      for (const auto& program : programs_) std::cerr << program.story();
    programs_.clear();
    std::filesystem::remove_all(folder_);
    KernelTest::TearDown();
  }

  void serve(const std::string& own) {
    const auto folder = folder_ + "/" + own;
    std::filesystem::create_directory(folder);
    std::string text = "daemon off; master_process off; pid " + folder +
                       "/web.pid; error_log stderr notice; events {}\nhttp { access_log off;\n";
    for (const char* path : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
      text += std::string(path) + "_temp_path " + folder + "/" + path + ";\n";
    text +=
        "keepalive_timeout 300s; server { listen 80; listen 8080; add_header X-Seen $remote_addr; return 200 "
        "\"" +
        own + "<\"; }}\n";
    sys::write_file(folder + "/web.conf", text);
    start("s" + own.substr(own.rfind('.') + 1),
          {"nginx", "-e", "stderr", "-p", folder, "-c", folder + "/web.conf"})
        .until("nginx to listen", [](const auto& line) { return line.find("epoll") != line.npos; });
  }

  void endpoints(const std::vector<std::string>& addresses, const std::string& draining = "") {
    std::string text =
        "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\naddressType: IPv4\nports: [{port: 80}]\n"
        "endpoints:\n";
    for (const auto& one : addresses)
      text += "- {addresses: [" + one +
              "], conditions: {terminating: " + (one == draining ? "true" : "false") + "}}\n";
    sys::write_file(folder_ + "/web.yaml", text);
  }

  Program& start(const std::string& host, std::vector<std::string> argv) {
    return programs_.emplace_back(kernel_->netns(host), std::move(argv));
  }
  std::string lbd_program() const {
    return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "lbd";
  }
  void start_lbd() { lbd_ = &start("lb", {lbd_program(), "--config", folder_ + "/lbd.yaml"}); }
  std::string until(const std::string& part) {
    return lbd_->until(part, [&](const auto& line) { return line.find(part) != line.npos; });
  }
  /// Whose checks pass first is chance.
  void until_all_serve() {
    std::set<std::string> serving;
    lbd_->until("every server to be added", [&](const auto& line) {
      for (const auto& one : servers)
        if (line.find("add destination " + one) != line.npos) serving.insert(one);
      return serving.size() == servers.size();
    });
  }

  void reload(const std::string& text) {
    sys::write_file(folder_ + "/lbd.yaml", text);
    lbd_->signal(SIGHUP);
    until("\"applied\"");
    state();  // which lbd tells when it has done what it was about to do
  }

  Program& ask_when() { return start("client", {"/usr/bin/python3", "-c", ask_when_told}); }
  static std::string answered_by(Program& asking) {
    return asking.until("an answer", [](const auto& line) { return line.starts_with("by "); }).substr(3);
  }

  /// Who answered so many new connections.
  Shares ask(int count, const std::string& port = "80") {
    Shares shares;
    std::istringstream lines(
        run("client", {"sh", "-c",
                       "curl -s --max-time 10 -H 'Connection: close' -w '\\n' 'http://10.1.1.[1-" +
                           std::to_string(count) + "]:" + port + "/' || echo failed"}));
    for (std::string line; std::getline(lines, line);)
      if (!line.empty()) ++shares[line];
    return shares;
  }

  json state() {
    return json::parse(fixtures::run_in(
        kernel_->netns("lb"),
        {"curl", "-s", "--unix-socket", folder_ + "/control.sock", "http://lbd/state"}))["services"][0];
  }
  long active_connections() {
    long all = 0;
    const auto told = state();
    for (const auto& destination : told["destinations"]) all += destination["active"].get<long>();
    return all;
  }
  /// The kernel's identifiers of the maps that the attached program uses, by name, but for its constants,
  /// which every program has its own of. Empty: no program.
  std::map<std::string, int> maps() {
    std::map<std::string, int> found;
    const auto link = ip("lb", "-d link show dev eth0")[0];
    if (!link.contains("xdp")) return found;
    const auto id = std::to_string(link["xdp"]["prog"]["id"].get<int>());
    const auto program = json::parse(run("lb", {"bpftool", "-j", "prog", "show", "id", id}));
    const auto used = program["map_ids"].get<std::set<int>>();
    const auto all = json::parse(run("lb", {"bpftool", "-j", "map", "show"}));
    for (const auto& map : all)
      if (used.contains(map["id"].get<int>()) && !map.value("name", "").ends_with(".rodata"))
        found[map.value("name", "")] = map["id"].get<int>();
    return found;
  }

  std::string folder_;
  std::list<Program> programs_;
  Program* lbd_ = nullptr;
};

TEST_F(XdpLbd, ConnectionsToAnyPortAreSharedAndServersSeeTheClient) {
  EXPECT_THAT(ask(200), SizeIs(3));
  EXPECT_THAT(ask(60, "8080"), SizeIs(3));
  EXPECT_THAT(run("client", {"curl", "-s", "-D", "-", "http://10.1.1.7/"}),
              HasSubstr("X-Seen: 192.0.2.10\r\n"));
  const auto told = state();
  EXPECT_EQ(told["scheduler"], "mh");
  EXPECT_THAT(told["destinations"], SizeIs(3));
  EXPECT_EQ(told["destinations"][0]["weight"], 3);
  EXPECT_EQ(told["destinations"][0]["forwarding"], "direct");
  EXPECT_GT(told["destinations"][0]["counters"]["packets-in"], 0);
}

TEST_F(XdpLbd, TheNextLbdTakesOverWithoutAChangeAndConnectionsLiveOn) {
  auto& open = ask_when();
  const auto server = answered_by(open);
  ASSERT_THAT(server, HasSubstr("172.16.1."));
  const auto before = maps();
  lbd_->end(SIGKILL);
  EXPECT_THAT(ask(60), SizeIs(3)) << "nobody needs it to be alive";
  start_lbd();
  until("\"ready\"");
  EXPECT_EQ(maps(), before);
  EXPECT_THAT(lbd_->story(), Not(HasSubstr("\"table\"")));
  open.signal(SIGUSR1);
  EXPECT_EQ(answered_by(open), server);
  fixtures::run_in(kernel_->netns("lb"), {lbd_program(), "--handover", "--config", folder_ + "/lbd.yaml"});
  EXPECT_THAT(ask(60), SizeIs(3)) << "handed over to the next, which is not there yet";
  start_lbd();
  until("\"ready\"");
  open.signal(SIGUSR1);
  EXPECT_EQ(answered_by(open), server);
}

TEST_F(XdpLbd, AServerThatDrainsKeepsItsConnectionAndGetsNoNewOne) {
  auto& open = ask_when();
  const auto server = answered_by(open);
  endpoints(servers, server.substr(0, server.find('<')));
  until("edit destination");
  const auto shares = ask(100);
  EXPECT_THAT(shares, SizeIs(2)) << testing::PrintToString(shares);
  EXPECT_FALSE(shares.contains(server));
  open.signal(SIGUSR1);
  EXPECT_EQ(answered_by(open), server);
}

TEST_F(XdpLbd, WhoLeavesOrFailsItsChecksGetsNothingMore) {
  endpoints({servers[0], servers[1]});
  until("remove destination 172.16.1.5");
  run("s4", {"ip", "link", "set", "eth0", "down"});
  until("remove destination 172.16.1.4");
  EXPECT_EQ(ask(60), (Shares{{"172.16.1.3<", 60}}));
}

/// Nobody but lbd asks for the servers' MAC addresses here: where there are health checks, they do too.
class XdpLbdUnchecked : public XdpLbd {
 protected:
  void SetUp() override {
    XdpLbd::SetUp();
    auto text = sys::read_file(folder_ + "/lbd.yaml");
    text.erase(text.find("    health:"));
    reload(text + "    health: {none: true}\n");
  }
  /// And nothing is lost.
  void expect_all_serve() {
    int answers = 0;
    const auto shares = ask(30);
    for (const auto& server : servers)
      answers += shares.contains(server + "<") ? shares.at(server + "<") : -30;
    EXPECT_EQ(answers, 30) << testing::PrintToString(shares);
  }
};

TEST_F(XdpLbdUnchecked, WhoseMacAddressWasForgottenIsAskedForItAgain) {
  for (const auto& server : servers) run("lb", {"ip", "neigh", "del", server, "dev", "eth0"});
  expect_all_serve();
}

TEST_F(XdpLbdUnchecked, AServerWithAnotherMacAddressThatTellsOfItGetsItsShare) {
  run("s3", {"sysctl", "-qw", "net.ipv4.conf.eth0.arp_notify=1"});
  run("s3", {"ip", "link", "set", "eth0", "address", "02:00:00:00:33:33"});
  expect_all_serve();
}

TEST_F(XdpLbdUnchecked, AfterItsLinkWasLostAndIsBackItServes) {
  nl::EventSocket told{kernel_->netns("lb"), std::array<unsigned, 1>{RTNLGRP_NEIGH}};
  run("router", {"ip", "link", "set", "balanced", "down"});
  bool forgotten = false;
  for (pollfd readable{told.fd().get(), POLLIN, 0}; !forgotten;) {
    ASSERT_EQ(::poll(&readable, 1, 60'000), 1) << "the kernel forgets no neighbour";
    told.read([&](const nlmsghdr& head) { forgotten = forgotten || head.nlmsg_type == RTM_DELNEIGH; });
  }
  run("router", {"ip", "link", "set", "balanced", "up"});
  expect_all_serve();
}

TEST_F(XdpLbdUnchecked, AServerWhoseRouteChangesIsReachedByTheNewOne) {
  run("lb", {"ip", "route", "add", "172.16.1.5/32", "dev", "eth1"});
  expect_all_serve();
}

TEST_F(XdpLbdUnchecked, WithAnotherMacAddressOfItsOwnItServes) {
  run("lb", {"sysctl", "-qw", "net.ipv4.conf.eth0.arp_notify=1"});
  run("lb", {"ip", "link", "set", "eth0", "address", "02:00:00:00:22:22"});
  expect_all_serve();
}

TEST_F(XdpLbd, DecommissioningTakesTheProgramAway) {
  EXPECT_THAT(maps(), Not(IsEmpty()));
  EXPECT_EQ(lbd_->end(SIGTERM).str(), "exit status 0");
  EXPECT_THAT(maps(), IsEmpty());
}

TEST_F(XdpLbd, DecommissioningWaitsForAConnectionThatIsInUse) {
  auto& open = ask_when();
  const auto server = answered_by(open);
  EXPECT_EQ(active_connections(), 1);
  lbd_->signal(SIGTERM);
  until("\"draining\"");
  open.signal(SIGUSR1);
  EXPECT_EQ(answered_by(open), server) << "it is served still";
  open.end(SIGKILL);
  until("\"step\":\"drained\"");
}

TEST_F(XdpLbd, AServicesRangeCanChangeWhileItServes) {
  auto text = sys::read_file(folder_ + "/lbd.yaml");
  text.replace(text.find("10.1.1.0/24"), 11, "10.1.1.0/25");
  reload(text);
  const auto failed = run("client", {"sh", "-c", "curl -s --max-time 1 http://10.1.1.200/ || echo failed"});
  EXPECT_EQ(failed, "failed\n");
  EXPECT_THAT(ask(60), SizeIs(3));
}

}  // namespace
}  // namespace lblab
