#include <gmock/gmock.h>
#include <unistd.h>

#include <boost/math/distributions/chi_squared.hpp>
#include <csignal>
#include <filesystem>
#include <map>
#include <sstream>

#include "fixtures/lab_under_test.hpp"
#include "fixtures/scenario/matchers.hpp"
#include "fixtures/scenario/on_lab.hpp"
#include "lab/sys/fd.hpp"
#include "tests/kernel/program.hpp"

/// topologies/ecmp.yaml with one word changed: `kind: xdp`. One lab for all tests; each leaves it as it found
/// it.
namespace lblab {
namespace {

using namespace fixtures;
using namespace std::chrono_literals;
using nlohmann::json;
using testing::Each;
using testing::HasSubstr;
using testing::SizeIs;
using Nodes = std::set<std::string>;

constexpr const char* web = "10.1.1.0/24";
constexpr std::chrono::seconds long_enough{120};
const std::vector<std::string> balancers{"web-lb-1", "web-lb-2", "web-lb-3"};

/// Twenty connections. Each is asked once, and then again after every SIGUSR1; what each answers is printed
/// in one line, the one after the other; "-" for one that broke.
constexpr const char* twenty_connections = R"(
import signal, socket
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
def ask(s):
    try:
        s.sendall(b'GET / HTTP/1.1\r\nHost: web\r\n\r\n')
        answer = b''
        while b'\r\n\r\n' not in answer or answer.endswith(b'\r\n\r\n'):
            part = s.recv(4096)
            if not part: return '-'
            answer += part
        return answer.split(b'\r\n\r\n')[1].decode()
    except OSError:
        return '-'
def connect(n):
    s = socket.create_connection(('10.1.1.%d' % (n + 1), 80), 60)
    s.settimeout(60)
    return s
all = [connect(n) for n in range(20)]
while True:
    print('answers', *[ask(s) for s in all], flush=True)
    signal.sigwait({signal.SIGUSR1})
)";

/// Uploads 100 KB and asks for 100 KB over each of six connections, and prints what came. That the second
/// request is answered means that all of the first has arrived.
constexpr const char* both_ways = R"(
import socket
def answer(f):
    length = 0
    while True:
        line = f.readline().strip()
        if not line: return f.read(length)
        if line.lower().startswith(b'content-length:'): length = int(line.split(b':')[1])
for n in range(6):
    s = socket.create_connection(('10.1.1.%d' % (n + 1), 80), 60)
    s.settimeout(60)
    s.sendall(b'POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 100000\r\n\r\n' + bytes(100000))
    s.sendall(b'GET /large HTTP/1.1\r\nHost: web\r\n\r\n')
    f = s.makefile('rb')
    answer(f)
    large = answer(f)
    print(len(large), large == bytes(100000))
)";

/// nginx of a web pod also answers with 100,000 bytes of zeros.
constexpr const char* serve_large = R"(
head -c 100000 /dev/zero >/run/nginx/large
sed -i 's|return 200|location = /large { root /run/nginx; } location / { return 200|; s|^\( *location.*\)$|\1 }|' /run/nginx/nginx.conf
kill -HUP $(cat /run/nginx/nginx.pid)
for n in $(seq 1000); do curl -sf -o /dev/null http://localhost/large && exit; done
exit 1
)";

class XdpLab : public testing::Test {
 protected:
  static inline const Nodes all_nodes{"10.0.0.105", "10.0.0.106", "10.0.0.107"};

  static void SetUpTestSuite() {
    auto text = sys::read_file(LBLAB_SOURCE_DIR "/topologies/ecmp.yaml");
    const std::string word = "kind: ipvs";
    text.replace(text.find(word), word.size(), "kind: xdp");
    file_ = std::filesystem::temp_directory_path() / ("xdp-" + std::to_string(::getpid()) + ".yaml");
    sys::write_file(file_, text);
    lab_ = std::make_unique<LabUnderTest>(LBLAB_PROGRAM, file_, "xdp");
  }
  static void TearDownTestSuite() {
    lab_.reset();
    std::filesystem::remove(file_);
  }

  static LabUnderTest& lab() { return *lab_; }

  /// The lines that a program in the client writes.
  static std::vector<std::string> lines_of(const std::vector<std::string>& argv) {
    std::vector<std::string> all;
    std::istringstream lines{lab().must_in("client", argv)};
    for (std::string line; std::getline(lines, line);)
      if (!line.empty()) all.push_back(line);
    return all;
  }

  /// Who answered so many connections, one after another; one without an answer is thrown.
  static std::map<std::string, long> ask(int count) {
    std::vector<std::string> argv{"curl", "-sS", "--max-time", "20", "-H", "Connection: close", "-w", "\\n"};
    argv.insert(argv.end(), static_cast<size_t>(count), "http://10.1.1.1/");
    std::map<std::string, long> by_pod;
    for (const auto& line : lines_of(argv)) ++by_pod[line];
    return by_pod;
  }

  static Program start(const std::string& host, std::vector<std::string> argv) {
    argv.insert(argv.begin(), {"ip", "netns", "exec", lab().name() + "." + host});
    return {sys::Netns::current(), std::move(argv)};
  }

  static bool table_changes(size_t since, const std::string& balancer) {
    return lab()
        .event(
            since, [&](const json& e) { return e["event"] == "table" && e["host"] == balancer; }, long_enough)
        .has_value();
  }

  static inline std::string file_;
  static inline std::unique_ptr<LabUnderTest> lab_;
};

/// The probability of counts at least this uneven if every pod had the same chance.
double p_of_even(const std::map<std::string, long>& by_pod) {
  double total = 0, chi_squared = 0;
  for (const auto& [pod, count] : by_pod) total += static_cast<double>(count);
  const double expected = total / static_cast<double>(by_pod.size());
  for (const auto& [pod, count] : by_pod) {
    const double off = static_cast<double>(count) - expected;
    chi_squared += off * off / expected;
  }
  return cdf(complement(boost::math::chi_squared(static_cast<double>(by_pod.size() - 1)), chi_squared));
}

TEST_F(XdpLab, SixHundredConnectionsHaveFairSharesAndServersSeeTheClient) {
  const auto shares = ask(600);
  ASSERT_THAT(shares, SizeIs(6)) << testing::PrintToString(shares);
  EXPECT_GT(p_of_even(shares), 1e-6) << testing::PrintToString(shares);
  EXPECT_THAT(lab().must_in("client", {"curl", "-s", "-D", "-", "http://10.1.1.1/"}),
              HasSubstr("X-Seen: 192.0.2.10:"));
}

TEST_F(XdpLab, InspectTellsOfItsServices) {
  EXPECT_THAT(lab().up_output(), HasSubstr("xdp in web-lb-1\n  web mh\n    -> 172.16.1.2:80         tunnel"));
  const auto told = json::parse(lab().must("inspect --json"))["real-servers"];
  for (const auto& balancer : balancers) {
    EXPECT_EQ(told[balancer]["dataplane"], "xdp");
    EXPECT_THAT(told[balancer]["services"][0]["destinations"], SizeIs(6));
  }
}

TEST_F(XdpLab, AnswersDoNotPassTheLoadBalancer) {
  const auto links = json::parse(lab().must_in("node1", {"ip", "-j", "link"}));
  const auto to_balancer = std::ranges::find_if(
      links, [](const json& link) { return link.value("ifalias", "") == "web-lb-1:eth0"; });
  ASSERT_NE(to_balancer, links.end());
  auto capture = start("node1", {"tcpdump", "-ln", "--immediate-mode", "-i", (*to_balancer)["ifname"], "ip",
                                 "and", "(proto", "4", "or", "net", "10.1.1.0/24)"});
  capture.until("tcpdump", [](const auto& line) { return line.find("listening") != line.npos; });
  ask(60);
  capture.signal(SIGINT);
  capture.until("tcpdump's end",
                [](const auto& line) { return line.find("dropped by kernel") != line.npos; });
  int requests = 0, tunnelled = 0;
  std::istringstream lines{capture.story()};
  for (std::string line; std::getline(lines, line);) {
    // "IP client.port > service.80: …", and around it "IP balancer > pod: IP client.port > …"
    if (line.find(" > 10.1.1.1.80: ") != line.npos)
      ++(line.find(" > 172.16.") == line.npos ? requests : tunnelled);
    EXPECT_EQ(line.find(" 10.1.1.1.80 > "), line.npos) << "an answer: " << line;
  }
  EXPECT_GT(requests, 60) << capture.story();
  EXPECT_EQ(tunnelled, requests) << "what came in went on to the pods";
}

TEST_F(XdpLab, AHundredKilobytesPassBothWays) {
  for (int n = 1; n <= 6; ++n) {
    const auto pod = "web-" + std::to_string(n);
    const auto done =
        run_program({LBLAB_PROGRAM, "exec", "--lab", lab().name(), pod, "--", "sh", "-c", serve_large});
    ASSERT_EQ(done.code, 0) << done.out << done.err;
  }
  EXPECT_THAT(lines_of({"/usr/bin/python3", "-c", both_ways}),
              testing::AllOf(SizeIs(6), Each("100000 True")));
}

TEST_F(XdpLab, TwentyIdleConnectionsSurviveTheLossOfTheirLoadBalancer) {
  auto connections = start("client", {"/usr/bin/python3", "-c", twenty_connections});
  const auto answers = [&] {
    return connections.until("the answers", [](const auto& line) { return line.starts_with("answers"); });
  };
  const auto before = answers();
  EXPECT_EQ(before.find('-'), before.npos) << before;
  auto mark = lab().mark();
  lab().must("kill web-lb-2 --restart never");
  ASSERT_TRUE(lab().route_becomes(mark, web, {"10.0.0.105", "10.0.0.107"}, long_enough));
  connections.signal(SIGUSR1);
  EXPECT_EQ(answers(), before) << "each from its own server";
  EXPECT_THAT(ask(60), SizeIs(6));
  mark = lab().mark();
  lab().must("start web-lb-2");
  ASSERT_TRUE(lab().route_becomes(mark, web, all_nodes, long_enough));
  connections.signal(SIGUSR1);
  EXPECT_EQ(answers(), before) << "and when it is back";
}

TEST_F(XdpLab, AKilledPodGetsNothingMore) {
  play(lab(), [](Play& lab) {
    lab.traffic(HttpTraffic{.to = "web", .rate = 10});
    lab.kill("nginx", In{"web-2"}, Restart::never);
    EXPECT_THAT(lab,
                Within(60s, HasRealServers({"web-1", "web-3", "web-4", "web-5", "web-6"}, In{"web-lb-1"})));
    lab.wait(2s);
    EXPECT_THAT(lab, ShowsSource(Of::http, Is{"client"}));
    lab.start("nginx", In{"web-2"});
    EXPECT_THAT(lab, Within(60s, HasRealServers({"web"}, In{"web-lb-1"})));
  });
  const auto mark = lab().mark();
  lab().must("kill web-2/nginx --restart never");
  for (const auto& balancer : balancers) ASSERT_TRUE(table_changes(mark, balancer)) << balancer;
  const auto left = ask(120);
  EXPECT_THAT(left, SizeIs(5));
  EXPECT_FALSE(left.contains("172.16.2.2")) << "web-2's address";
  lab().must("start web-2/nginx");
}

}  // namespace
}  // namespace lblab
