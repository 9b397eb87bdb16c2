#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <csignal>
#include <list>
#include <map>

#include "fixtures/even_shares.hpp"
#include "tests/kernel/lab_fixture.hpp"
#include "tests/kernel/program.hpp"

/// The real lbd between a client and three real servers, with each dataplane that the kernel of this test
/// program is to have (DATAPLANES). What the client is answered counts, and what nft, ipvsadm and ss say.
namespace lblab {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Shares = std::map<std::string, int>;

const std::vector<std::string> servers{"172.16.1.3", "172.16.1.4", "172.16.1.5"};

/// Those of DATAPLANES that are among these.
std::vector<std::string> kinds(const std::set<std::string>& wanted) {
  std::vector<std::string> found;
  std::istringstream names{DATAPLANES};
  for (std::string name; names >> name;)
    if (wanted.contains(name)) found.push_back(name);
  return found;
}

std::string name_of(const testing::TestParamInfo<std::string>& info) { return info.param; }

/// client - lb - servers, which are one host that has all their addresses.
Lab three_hosts() {
  Lab lab;
  auto& client = add_host(lab, "client");
  client.links.push_back(
      {.name = "eth0", .kind = Veth{"lb", "eth0"}, .addresses = {prefix("192.0.2.10/24")}});
  client.routes = {{prefix("10.1.1.0/24"), {{address("192.0.2.1")}}}};
  auto& lb = add_host(lab, "lb");
  lb.links.push_back({.name = "eth0", .kind = VethPeer{}, .addresses = {prefix("192.0.2.1/24")}});
  lb.links.push_back(
      {.name = "eth1", .kind = Veth{"servers", "eth0"}, .addresses = {prefix("172.16.1.2/24")}});
  auto& behind = add_host(lab, "servers");
  behind.links.push_back(
      {.name = "eth0",
       .kind = VethPeer{},
       .addresses = {prefix("172.16.1.3/24"), prefix("172.16.1.4/24"), prefix("172.16.1.5/24")}});
  return lab;
}

const std::string configuration = R"(
control: FOLDER/control.sock
dataplane: KIND
drain-limit: 5s
services:
  - name: web
    addresses: 10.1.1.0/24
    port: 80
    mark: 1
    endpoints: FOLDER/web.yaml
    health: {tcp: 80, interval: 250ms, fall: 2}
)";

/// A TCP connection that stays open, over which requests are made one after another.
class Connection {
 public:
  Connection(const sys::Netns& inside, const char* to) {
    inside.within([&] { socket_ = sys::Fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)}; });
    const timeval patience{20, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in there{};
    there.sin_family = AF_INET;
    there.sin_port = htons(80);
    there.sin_addr.s_addr = htonl(address(to).v4_number());
    sys::check("connect", ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&there), sizeof there));
  }

  /// Who answers; "" and `error`: nobody.
  std::string ask() {
    constexpr std::string_view request = "GET / HTTP/1.1\r\nHost: web\r\n\r\n";
    std::string answer;
    if (::send(socket_.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return failed();
    for (std::size_t body = 0; body == 0 || answer.size() - body < 10;) {
      char chunk[1024];
      const auto bytes = ::recv(socket_.get(), chunk, sizeof chunk, 0);
      if (bytes <= 0) return failed();
      answer.append(chunk, static_cast<std::size_t>(bytes));
      const auto end = answer.find("\r\n\r\n");
      body = end == std::string::npos ? 0 : end + 4;
    }
    return answer.substr(answer.size() - 10);
  }

  int error = 0;

 private:
  std::string failed() {
    error = errno;
    return "";
  }
  sys::Fd socket_;
};

class Dataplane : public KernelTest, public testing::WithParamInterface<std::string> {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    std::string pattern = (std::filesystem::temp_directory_path() / "lbd-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    up(three_hosts());
    configure(configuration);
    serve();
  }

  void TearDown() override {
    if (HasFailure())
      for (const auto& program : programs_) std::cerr << program.story();
    programs_.clear();
    std::filesystem::remove_all(folder_);
    KernelTest::TearDown();
  }

  std::string kind() const { return GetParam(); }

  void configure(std::string text) {
    for (const auto& [what, with] :
         {std::pair<std::string, std::string>{"FOLDER", folder_}, {"KIND", kind()}})
      for (std::size_t at; (at = text.find(what)) != std::string::npos;) text.replace(at, what.size(), with);
    sys::write_file(folder_ + "/lbd.yaml", text);
  }

  /// Each server answers with its address.
  void serve() {
    std::string text =
        "daemon off; master_process off; pid " + folder_ +
        "/web.pid; error_log stderr notice; events {}\nhttp { access_log off; keepalive_timeout 300s;\n";
    for (const char* path : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
      text += std::string(path) + "_temp_path " + folder_ + "/" + path + ";\n";
    for (const auto& server : servers)
      text += "server { listen " + server + ":80; add_header X-Seen $remote_addr; return 200 \"" + server +
              "\"; }\n";
    sys::write_file(folder_ + "/web.conf", text + "}\n");
    web_ = &start("servers", {"nginx", "-e", "stderr", "-p", folder_, "-c", folder_ + "/web.conf"});
    web_->until("nginx to listen", [](const auto& line) { return line.find("epoll") != line.npos; });
  }

  /// The endpoints, one a line of YAML.
  void endpoints(const std::vector<std::string>& addresses, const std::string& draining = "") {
    std::string text =
        "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\naddressType: IPv4\nports: [{port: 80}]\n";
    text += addresses.empty() ? "endpoints: []\n" : "endpoints:\n";
    for (const auto& one : addresses)
      text += "- {addresses: [" + one +
              "], conditions: {terminating: " + (one == draining ? "true" : "false") + "}}\n";
    sys::write_file(folder_ + "/web.yaml", text);
  }

  Program& start(const std::string& host, std::vector<std::string> argv) {
    return programs_.emplace_back(kernel_->netns(host), std::move(argv));
  }

  void start_lbd() {
    lbd_ = &start("lb", {std::filesystem::read_symlink("/proc/self/exe").parent_path() / "lbd", "--config",
                         folder_ + "/lbd.yaml"});
  }
  void until(const std::string& part) {
    lbd_->until(part, [&](const auto& line) { return line.find(part) != line.npos; });
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
  void serve_all() {
    endpoints(servers);
    start_lbd();
    until_all_serve();
  }

  /// Who answered so many new connections; "failed" if one of them nobody did.
  Shares ask(int count) {
    Shares shares;
    for (int left = count; left > 0; left -= 200) {
      const auto urls = "http://10.1.1.[1-" + std::to_string(std::min(left, 200)) + "]/";
      std::istringstream lines(run(
          "client", {"sh", "-c",
                     "curl -s --max-time 10 -H 'Connection: close' -w '\\n' '" + urls + "' || echo failed"}));
      for (std::string line; std::getline(lines, line);)
        if (!line.empty()) ++shares[line];
    }
    return shares;
  }

  /// What the dataplane has in the kernel, in the words of others; with handles, which change when it is
  /// written.
  std::string rules() {
    if (kind() == "keepalived") return run("lb", {"ipvsadm", "-Sn"});
    if (kind() == "nftables") return run("lb", {"nft", "-s", "-a", "list", "ruleset"});
    return run("lb", {"nft", "-s", "-a", "list", "table", "ip", "nat"});
  }

  std::string folder_;
  std::list<Program> programs_;
  Program *web_ = nullptr, *lbd_ = nullptr;
};

TEST_P(Dataplane, SixHundredConnectionsHaveFairSharesAndComeFromTheLoadBalancer) {
  serve_all();
  const auto shares = ask(600);
  long answered = 0;
  std::map<std::string, long> of_servers;
  for (const auto& server : servers) {
    of_servers[server] = shares.contains(server) ? shares.at(server) : 0;
    answered += of_servers[server];
  }
  EXPECT_EQ(answered, 600) << testing::PrintToString(shares);
  EXPECT_GT(fixtures::p_of_even(of_servers), 1e-6) << testing::PrintToString(shares);
  EXPECT_THAT(run("client", {"curl", "-s", "-D", "-", "http://10.1.1.7/"}),
              HasSubstr("X-Seen: 172.16.1.2\r\n"));
}

TEST_P(Dataplane, WhoFailsItsChecksIsLeftOutUntilTheyPassAndWhoLeavesTheEndpointsForGood) {
  serve_all();
  run("servers", {"ip", "address", "del", "172.16.1.5/24", "dev", "eth0"});
  until("remove destination 172.16.1.5");
  const auto shares = ask(100);
  EXPECT_EQ(shares.size(), 2u) << testing::PrintToString(shares);
  run("servers", {"ip", "address", "add", "172.16.1.5/24", "dev", "eth0"});
  until("add destination 172.16.1.5");
  EXPECT_EQ(ask(100).size(), 3u);

  endpoints({servers[0], servers[2]});
  until("remove destination 172.16.1.4");
  const auto left = ask(100);
  EXPECT_EQ(left.size(), 2u) << testing::PrintToString(left);
  EXPECT_FALSE(left.contains(servers[1]));
}

TEST_P(Dataplane, DecommissioningLeavesNothingOfItsOwnAndAllOfOthers) {
  run("lb", {"nft", "add table inet other; add chain inet other mine; add rule inet other mine counter"});
  run("lb", {"iptables", "-t", "nat", "-A", "OUTPUT", "-d", "198.51.100.1", "-j", "ACCEPT"});
  serve_all();
  EXPECT_EQ(lbd_->end(SIGTERM).str(), "exit status 0");
  EXPECT_EQ(run("lb", {"ip", "route", "show", "table", "local", "10.1.1.0/24"}), "");
  const auto after = run("lb", {"nft", "-s", "list", "ruleset"});
  if (kind() == "keepalived") {
    EXPECT_EQ(run("lb", {"ipvsadm", "-Sn"}), "");
  }
  EXPECT_THAT(after, HasSubstr("table inet other"));
  EXPECT_THAT(after, HasSubstr("198.51.100.1"));
  EXPECT_THAT(after, Not(HasSubstr("table inet lbd")));
  EXPECT_THAT(after, Not(HasSubstr("LBD-")));
  EXPECT_EQ(run("lb", {"ss", "-Hltn"}), "") << "nobody listens any more";
}

INSTANTIATE_TEST_SUITE_P(Of, Dataplane,
                         testing::ValuesIn(kinds({"nftables", "iptables", "nginx", "keepalived"})), name_of);

/// Those whose state is the kernel's.
class KeptDataplane : public Dataplane {};

TEST_P(KeptDataplane, TheNextLbdTakesOverWithoutAWriteAndConnectionsLiveOn) {
  serve_all();
  Connection open(kernel_->netns("client"), "10.1.1.7");
  const auto server = open.ask();
  const auto before = rules();
  lbd_->end(SIGKILL);
  EXPECT_FALSE(ask(60).contains("failed")) << "nobody needs it to be alive";
  start_lbd();
  until("\"ready\"");
  EXPECT_EQ(rules(), before);
  lbd_->signal(SIGHUP);
  until("\"unchanged\"");
  EXPECT_EQ(rules(), before) << "nor does an equal configuration write anything";
  EXPECT_EQ(open.ask(), server);
}

TEST_P(KeptDataplane, AConnectionIsServedWhileItsServerDrainsAndResetWhenItHasGone) {
  serve_all();
  Connection open(kernel_->netns("client"), "10.1.1.7");
  const auto server = open.ask();
  ASSERT_THAT(servers, testing::Contains(server));
  endpoints(servers, server);
  until("edit destination");
  const auto shares = ask(60);
  EXPECT_EQ(shares.size(), 2u) << testing::PrintToString(shares);
  EXPECT_FALSE(shares.contains(server)) << "new ones go elsewhere";
  EXPECT_EQ(open.ask(), server);

  std::vector<std::string> others = servers;
  std::erase(others, server);
  endpoints(others);
  until("remove destination " + server);
  EXPECT_EQ(open.ask(), "");
  EXPECT_EQ(open.error, ECONNRESET);
}

INSTANTIATE_TEST_SUITE_P(Of, KeptDataplane, testing::ValuesIn(kinds({"nftables", "iptables", "keepalived"})),
                         name_of);

/// Those that rewrite by rules.
class RewritingDataplane : public Dataplane {};

TEST_P(RewritingDataplane, CountsConnectionsAndGoesOnCountingOverAChange) {
  serve_all();
  ask(60);
  endpoints({servers[0], servers[1]});
  until("remove destination 172.16.1.5");
  const auto state = json::parse(fixtures::run_in(
      kernel_->netns("lb"),
      {"curl", "-s", "--unix-socket", folder_ + "/control.sock", "http://lbd/state"}))["services"][0];
  int counted = 0;
  for (const auto& d : state["destinations"]) counted += d["counters"]["connections"].get<int>();
  const auto gone = 60 - counted;
  EXPECT_GT(counted, 0);
  EXPECT_GT(gone, 0) << "what the one that left had";
  EXPECT_EQ(state["counters"]["connections"], counted);
}

TEST_P(RewritingDataplane, InTurnMeansEachAsOftenAsTheOthers) {
  auto text = configuration;
  text.replace(text.find("    endpoints:"), 0, "    scheduler: rr\n");
  configure(text);
  serve_all();
  EXPECT_THAT(ask(60),
              ElementsAre(std::pair(servers[0], 20), std::pair(servers[1], 20), std::pair(servers[2], 20)));
}

INSTANTIATE_TEST_SUITE_P(Of, RewritingDataplane, testing::ValuesIn(kinds({"nftables", "iptables"})), name_of);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RewritingDataplane);

/// Whose state is a program's.
class NginxDataplane : public Dataplane {};

TEST_P(NginxDataplane, EndsWithItsLbdAndComesBackWithTheNext) {
  serve_all();
  lbd_->end(SIGKILL);
  start_lbd();
  until_all_serve();
  EXPECT_EQ(ask(30).size(), 3u);
}

TEST_P(NginxDataplane, SaysSoWhenThereIsNobody) {
  endpoints({});
  start_lbd();
  until("\"ready\"");
  const std::vector<std::string> status{
      "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "http://10.1.1.7/"};
  EXPECT_EQ(run("client", status), "503");
}

INSTANTIATE_TEST_SUITE_P(Of, NginxDataplane, testing::ValuesIn(kinds({"nginx"})), name_of);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(NginxDataplane);

}  // namespace
}  // namespace lblab
