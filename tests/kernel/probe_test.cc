#include <gmock/gmock.h>
#include <sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <thread>

#include "lab/expect/udp.hpp"
#include "lab/probe/record_file.hpp"
#include "lab/probe/socket.hpp"
#include "tests/kernel/capture.hpp"
#include "tests/kernel/lab_fixture.hpp"

/// lblab-probe in the hosts of a lab; tcpdump in the same hosts says when to go on, and what was true.
namespace lblab::probe {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

std::string program() { return fs::read_symlink("/proc/self/exe").parent_path() / "lblab-probe"; }

/// "client" (10.9.0.1) and "server" (10.9.0.2, and the service 10.1.1.1 on its loopback), joined by a bridge
/// in "fabric", whose ports have the hosts' names.
Lab client_and_server() {
  Lab lab;
  add_host(lab, "fabric").links = {{.name = "lan", .kind = Bridge{}},
                                   {.name = "client", .kind = Veth{"client", "eth0"}, .master = "lan"},
                                   {.name = "server", .kind = Veth{"server", "eth0"}, .master = "lan"}};
  auto& client = add_host(lab, "client");
  client.links = {
      {.name = "eth0", .kind = VethPeer{}, .addresses = {prefix("10.9.0.1/24"), prefix("2001:db8::1/64")}}};
  client.routes = {{.destination = prefix("10.1.1.0/24"), .next_hops = {{.via = address("10.9.0.2")}}}};
  add_host(lab, "server").links = {
      {.name = "lo", .kind = Loopback{}, .addresses = {prefix("10.1.1.1/32")}},
      {.name = "eth0", .kind = VethPeer{}, .addresses = {prefix("10.9.0.2/24"), prefix("2001:db8::2/64")}}};
  return lab;
}

class Probes : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    std::string pattern = (fs::temp_directory_path() / "lblab-probe-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    up(client_and_server());
  }
  void TearDown() override {
    KernelTest::TearDown();
    fs::remove_all(folder_);
  }

  const sys::Netns& client() { return kernel_->netns("client"); }
  const sys::Netns& server() { return kernel_->netns("server"); }

  /// A probe that runs. `words` are split at blanks.
  Program start(const sys::Netns& inside, const std::string& words) {
    Program probe(inside, argv(words));
    probe.until("it to run",
                [](const auto& line) { return line.find("\"state\":\"running\"") != line.npos; });
    return probe;
  }
  Program start_recorded(const std::string& kind, const std::string& words) {
    return start(client(), kind + " " + words + " --record " + file(kind));
  }
  std::string file(const std::string& kind) const { return folder_ + "/" + kind + ".jsonl"; }
  /// Ends a probe in order.
  static void end(Program& probe) {
    const auto exit = probe.end(SIGTERM);
    EXPECT_EQ(exit.code(), 0) << exit.str() << "\n" << probe.story();
  }
  static std::vector<std::string> argv(const std::string& words) {
    std::vector<std::string> argv{program()};
    std::istringstream in(words);
    for (std::string word; in >> word;) argv.push_back(word);
    return argv;
  }

  Capture capture(const std::string& host, const std::string& filter) {
    return Capture(kernel_->netns(host), "eth0", folder_ + "/" + host + ".pcap", filter);
  }
  /// At the switch's end: the host loses its carrier.
  void set_link(const std::string& host, const std::string& state) {
    run("fabric", {"ip", "link", "set", host, state});
  }

  /// As lab/daemons configures it, and with the header that tells whom it saw.
  Program start_nginx() {
    sys::write_file(folder_ + "/nginx.conf", R"(
daemon off; master_process off; error_log stderr notice; pid nginx.pid;
events { worker_connections 1024; }
http {
  access_log off; default_type text/plain; keepalive_requests 1000000;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  server { listen 80 backlog=4096; add_header X-Seen $remote_addr:$remote_port; return 200 "10.9.0.2"; }
}
)");
    Program nginx(server(), {"nginx", "-e", "stderr", "-p", folder_, "-c", folder_ + "/nginx.conf"});
    nginx.until("nginx to listen",
                [](const auto& line) { return line.find("using the \"epoll\"") != line.npos; });
    return nginx;
  }

  std::string folder_;
};

/// Flow and number of a datagram: in a record.
template <class T>
std::pair<int, std::int64_t> identity(const T& sent_or_echo) {
  return {sent_or_echo.flow, sent_or_echo.number};
}

template <class List>
std::set<std::pair<int, std::int64_t>> identities(const List& list) {
  std::set<std::pair<int, std::int64_t>> found;
  for (const auto& one : list) found.insert(identity(one));
  return found;
}

// --- UDP ---

TEST_F(Probes, EveryDatagramOfEveryFlowIsEchoedAndTellsWhoSawWhom) {
  auto echo = start(server(), "echo --port 7777");
  auto seen = capture("server", "udp port 7777");
  auto udp = start_recorded("udp", "--to 10.9.0.2 --port 7777 --flows 4 --rate 200");
  seen.await(200);
  end(udp);
  end(echo);
  const auto record = read_udp(file("udp"));
  ASSERT_EQ(record.ports.size(), 4u);
  ASSERT_GE(record.sent.size(), 100u);
  EXPECT_EQ(record.echoes.size(), record.sent.size()) << "none is lost, none is there twice";
  EXPECT_EQ(identities(record.echoes), identities(record.sent));
  for (std::size_t i = 0; i < record.sent.size(); ++i) {
    EXPECT_EQ(record.sent[i].flow, static_cast<int>(i % 4)) << "they take turns";
    EXPECT_EQ(record.sent[i].number, static_cast<std::int64_t>(i / 4));
    EXPECT_EQ(record.sent[i].error, 0);
  }
  for (const auto& one : record.echoes) {
    EXPECT_EQ(one.server, "10.9.0.2");
    EXPECT_EQ(one.seen, "10.9.0.1:" + std::to_string(record.ports[static_cast<std::size_t>(one.flow)]));
  }
}

TEST_F(Probes, TheRateIsKeptAndDoesNotDrift) {
  auto echo = start(server(), "echo --port 7777 --udp");
  auto seen = capture("server", "udp dst port 7777");
  auto udp = start_recorded("udp", "--to 10.9.0.2 --port 7777 --flows 3 --rate 250");
  seen.await(400);
  end(udp);
  const auto sent = read_udp(file("udp")).sent;
  // When the first would have been due, told by the one of some that was least late.
  const auto start = [&](std::size_t first, std::size_t last) {
    auto earliest = nanoseconds::max();
    for (auto i = first; i < last; ++i) earliest = std::min<nanoseconds>(earliest, sent[i].at - 4ms * i);
    return earliest;
  };
  const auto quarter = sent.size() / 4;
  EXPECT_LT(std::chrono::abs(start(0, quarter) - start(3 * quarter, sent.size())), 3ms);
}

TEST_F(Probes, AnEchoAnswersFromTheAddressThatWasAskedAsWhomItIsToldToBe) {
  auto echo = start(server(), "echo --port 7777 --own 172.16.1.2");
  auto seen = capture("client", "udp src port 7777");
  auto udp = start_recorded("udp", "--to 10.1.1.1 --port 7777 --flows 2");
  seen.await(20, "10.1.1.1.7777 >");
  end(udp);
  for (const auto& one : read_udp(file("udp")).echoes) EXPECT_EQ(one.server, "172.16.1.2");
}

TEST_F(Probes, Ipv6WorksAsIpv4) {
  auto echo = start(server(), "echo --port 7777");
  auto seen = capture("client", "udp src port 7777");
  auto udp = start_recorded("udp", "--to 2001:db8::2 --port 7777 --flows 1");
  seen.await(20, " IP6 ");
  end(udp);
  const auto record = read_udp(file("udp"));
  ASSERT_GE(record.echoes.size(), 20u);
  for (const auto& one : record.echoes) {
    EXPECT_EQ(one.server, "2001:db8::2");
    EXPECT_EQ(one.seen, "[2001:db8::1]:" + std::to_string(record.ports[0]));
  }
}

TEST_F(Probes, NeitherRefusalNorTheLackOfARouteEndsIt) {
  run("client", {"ip", "route", "delete", "10.1.1.0/24"});
  auto sent = capture("client", "udp or icmp");
  auto udp = start_recorded("udp", "--to 10.1.1.1 --port 7777 --flows 2");
  run("client", {"ip", "route", "add", "10.1.1.0/24", "via", "10.9.0.2"});
  sent.await(3, "udp port 7777 unreachable");  // the kernel sends one a second, after the first few
  auto echo = start(server(), "echo --port 7777");
  sent.await(10, "10.1.1.1.7777 >");
  end(udp);
  const auto record = read_udp(file("udp"));
  EXPECT_EQ(record.sent.front().error, ENETUNREACH);
  EXPECT_EQ(record.sent.back().error, 0);
  const auto answered = identities(record.echoes);
  EXPECT_GE(answered.size(), 10u);
  EXPECT_TRUE(answered.contains(identity(record.sent.back())));
  const auto passed = sent.end();
  const auto questions = std::ranges::count_if(passed, [](const auto& d) { return d.to_port == 7777; });
  const auto taken = std::ranges::count_if(record.sent, [](const auto& d) { return d.error == 0; });
  EXPECT_EQ(questions, taken) << "an ICMP error costs no datagram";
}

TEST_F(Probes, AnEchoThatHadNoCpuForAWhileLosesNothing) {
  auto echo = start(server(), "echo --port 7777");
  echo.signal(SIGSTOP);
  auto sent = capture("client", "udp port 7777");
  auto udp = start_recorded("udp", "--to 10.9.0.2 --port 7777 --flows 4 --rate 2000 --linger 30s");
  sent.await(1000, "> 10.9.0.2.7777");  // some four times what a socket holds by default
  echo.signal(SIGCONT);
  end(udp);
  const auto record = read_udp(file("udp"));
  EXPECT_GE(record.sent.size(), 1000u);
  EXPECT_EQ(identities(record.echoes), identities(record.sent));
}

// --- accuracy ---

/// Big-endian, as lab/probe/datagram.hpp has it.
std::int64_t number_in(const std::string& payload, std::size_t at, std::size_t bytes) {
  std::int64_t number = 0;
  for (std::size_t i = at; i < at + bytes; ++i)
    number = number << 8 | static_cast<std::uint8_t>(payload.at(i));
  return number;
}

/// When questions and answers passed, by (flow, number), brought over to CLOCK_MONOTONIC.
struct Passed {
  std::map<std::pair<int, std::int64_t>, nanoseconds> questions, answers;

  explicit Passed(const std::vector<CapturedDatagram>& datagrams) {
    const auto offset = to_monotonic();
    for (const auto& d : datagrams) {
      const std::pair key{static_cast<int>(number_in(d.payload, 6, 2)), number_in(d.payload, 12, 8)};
      (d.to_port == 7777 ? questions : answers)[key] = d.at + offset;
    }
  }
};

/// The longest time between one and the next.
nanoseconds longest_gap(std::vector<nanoseconds> times) {
  std::ranges::sort(times);
  nanoseconds gap{};
  for (std::size_t i = 1; i < times.size(); ++i) gap = std::max(gap, times[i] - times[i - 1]);
  return gap;
}

/// How far the record is from tcpdump, datagram by datagram: sorted.
template <class List>
std::vector<nanoseconds> errors(const List& recorded,
                                const std::map<std::pair<int, std::int64_t>, nanoseconds>& passed) {
  std::vector<nanoseconds> errors;
  for (const auto& one : recorded) errors.push_back(std::chrono::abs(one.at - passed.at(identity(one))));
  std::ranges::sort(errors);
  return errors;
}

double seconds(nanoseconds time) { return std::chrono::duration<double>(time).count(); }

/// Of each flow: from the first question without an answer to the next that had one, by tcpdump alone. One
/// that lasted to the end is left out.
std::map<int, std::vector<expect::FlowOutage>> outages(const Passed& passed) {
  std::map<int, std::vector<expect::FlowOutage>> all;
  std::optional<expect::FlowOutage> now;
  for (const auto& [key, at] : passed.questions) {
    if (now && now->flow != key.first) now.reset();
    if (!passed.answers.contains(key)) {
      if (!now) now = {.flow = key.first, .from = seconds(at)};
      ++now->lost;
    } else if (now) {
      now->to = seconds(at);
      all[now->flow].push_back(*std::exchange(now, std::nullopt));
    }
  }
  return all;
}

/// What a scenario is judged on, against what tcpdump saw in the same run.
void expect_same_outages(const UdpRecord& record, const Passed& passed) {
  constexpr double tolerance = 0.05;  // as of the times when datagrams were sent
  const auto seen = outages(passed);
  EXPECT_FALSE(seen.empty());
  const expect::UdpFlows judged{record};
  for (const auto& [flow, expected] : seen) {
    auto found = judged.flows().at(static_cast<std::size_t>(flow)).outages;
    std::erase_if(found, [](const auto& outage) { return outage.open; });
    ASSERT_EQ(found.size(), expected.size()) << "flow " << flow;
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].lost, expected[i].lost) << "flow " << flow;
      EXPECT_NEAR(found[i].from, expected[i].from, tolerance);
      EXPECT_NEAR(found[i].length(), expected[i].length(), tolerance);
    }
  }
}

TEST_F(Probes, TheRecordAgreesWithTcpdumpOnTimesLossAndOutage) {
  auto echo = start(server(), "echo --port 7777");
  auto near = capture("client", "udp port 7777"), far = capture("server", "udp port 7777");
  auto udp = start_recorded("udp", "--to 10.9.0.2 --port 7777 --flows 8 --rate 200");
  far.await(200);
  near.await(200);
  set_link("server", "down");
  near.await(100, "> 10.9.0.2.7777");
  set_link("server", "up");
  far.await(200);
  end(udp);
  const auto record = read_udp(file("udp"));
  const Passed at_client(near.end()), at_server(far.end());

  std::set<std::pair<int, std::int64_t>> questions, answers;
  for (const auto& [key, at] : at_client.questions) questions.insert(key);
  for (const auto& [key, at] : at_client.answers) answers.insert(key);
  EXPECT_EQ(identities(record.sent), questions);
  EXPECT_EQ(identities(record.echoes), answers) << "the same datagrams were lost";
  EXPECT_LT(answers.size(), questions.size()) << "some were";

  const auto of_sent = errors(record.sent, at_client.questions);
  const auto of_echoes = errors(record.echoes, at_client.answers);
  EXPECT_LT(of_sent[of_sent.size() / 2], 2ms);
  EXPECT_LT(of_sent.back(), 50ms) << "between the clock and the kernel this process may have lost its CPU";
  EXPECT_LT(of_echoes.back(), 5ms) << "the stamp is the kernel's own, as tcpdump's is";

  expect_same_outages(record, at_client);

  std::vector<nanoseconds> echoed, arrived;
  const auto came_back = identities(record.echoes);
  for (const auto& sent : record.sent)
    if (came_back.contains(identity(sent))) echoed.push_back(sent.at);
  for (const auto& [key, at] : at_server.questions) arrived.push_back(at);
  EXPECT_GT(longest_gap(arrived), 100ms);
  EXPECT_LT(std::chrono::abs(longest_gap(echoed) - longest_gap(arrived)), 50ms)
      << "the outage at the far side: " << longest_gap(arrived).count()
      << " ns; in the record: " << longest_gap(echoed).count() << " ns";
}

// --- HTTP ---

TEST_F(Probes, RequestsTellWhenTheyWereDueAndWhoAnswered) {
  auto nginx = start_nginx();
  auto seen = capture("client", "tcp port 80");
  auto http = start_recorded("http", "--to 10.1.1.1 --port 80 --rate 100");
  seen.await(60, "HTTP/1.1 200 OK");
  end(http);
  const auto requests = read_requests(file("http"));
  ASSERT_GE(requests.size(), 60u);
  for (const auto& r : requests) {
    EXPECT_EQ(r.due, requests[0].due + 10ms * r.number);
    EXPECT_LE(r.due, r.began);
    EXPECT_LT(r.began, r.connected);
    EXPECT_LT(r.connected, r.ended);
    EXPECT_EQ(r.end, Request::End::answered);
    EXPECT_EQ(r.status, 200);
    EXPECT_EQ(r.server, "10.9.0.2");
    EXPECT_EQ(r.seen, "10.9.0.1:" + std::to_string(r.port));
  }
}

/// How the requests ended that were recorded, each way once.
std::set<Request::End> ends(const std::vector<Request>& requests) {
  std::set<Request::End> found;
  for (const auto& r : requests) found.insert(r.end);
  return found;
}

TEST_F(Probes, RequestsAreRefusedUnansweredAndUnreachable) {
  auto seen = capture("client", "tcp port 80");
  auto http = start_recorded("http", "--to 10.1.1.1 --port 80 --rate 100 --timeout 300ms --linger 5s");
  seen.await(10, "Flags [R.]");
  set_link("server", "down");
  seen.await(40, "Flags [S]");
  end(http);
  auto requests = read_requests(file("http"));
  EXPECT_EQ(ends(requests), (std::set{Request::End::refused, Request::End::timed_out}));
  for (const auto& r : requests) {
    EXPECT_EQ(r.connected, 0ns);
    if (r.end == Request::End::timed_out) {
      EXPECT_GE(r.ended - r.began, 300ms);
      EXPECT_LT(r.ended - r.began, 3s);
    }
  }
  run("client", {"ip", "route", "replace", "unreachable", "10.1.1.0/24"});
  auto nowhere = start_recorded("http", "--to 10.1.1.1 --port 80 --rate 1000");
  end(nowhere);
  requests = read_requests(file("http"));
  EXPECT_EQ(ends(requests), std::set{Request::End::unreachable});
}

/// A listener that leaves what it gets to the kernel.
sys::Fd listener(const sys::Netns& inside) {
  return inside.within([] {
    auto socket = open_socket(AF_INET, SOCK_STREAM);
    const SocketAddress any({{}, 80});
    sys::check("bind", ::bind(socket.get(), any.get(), any.length()));
    sys::check("listen", ::listen(socket.get(), 100));
    return socket;
  });
}

void wait_readable(const sys::Fd& fd) {
  pollfd wanted{fd.get(), POLLIN, 0};
  if (::poll(&wanted, 1, 60'000) != 1) throw std::runtime_error("waited for input in vain");
}

sys::Fd accept(const sys::Fd& listener) {
  wait_readable(listener);
  return sys::Fd{sys::check("accept", ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC))};
}

/// Takes the request that comes over a connection.
void read_request(const sys::Fd& connection) {
  wait_readable(connection);
  char buffer[1024];
  sys::check("read a request", static_cast<int>(::recv(connection.get(), buffer, sizeof buffer, 0)));
}

void answer(const sys::Fd& connection, std::string_view text) {
  sys::check("answer", static_cast<int>(::send(connection.get(), text.data(), text.size(), MSG_NOSIGNAL)));
}

TEST_F(Probes, RequestsAreResetClosedAndAnsweredWithWhatIsNoAnswer) {
  auto server_socket = listener(server());
  auto seen = capture("client", "tcp port 80");
  auto http = start_recorded("http", "--to 10.1.1.1 --port 80 --rate 20 --timeout 30s --linger 30s");
  {
    const auto connection = accept(server_socket);
    read_request(connection);
    answer(connection, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n172.16");
  }
  {
    const auto connection = accept(server_socket);
    read_request(connection);
    answer(connection, "SSH-2.0-OpenSSH\r\n");
    read_request(connection);  // the end of it
  }
  {
    const auto connection = accept(server_socket);
    read_request(connection);
    answer(connection, "HTTP/1.1 503 Service Unavailable\r\ncontent-length:0\r\n\r\n");
    read_request(connection);
  }
  seen.await(5, "GET /");
  server_socket = sys::Fd{};  // the kernel resets those that nobody accepted
  seen.await(1, "Flags [R");
  end(http);
  const auto requests = read_requests(file("http"));
  ASSERT_GE(requests.size(), 4u);
  EXPECT_EQ(requests[0].end, Request::End::closed);
  EXPECT_EQ(requests[0].server, "") << "half an answer is none";
  EXPECT_EQ(requests[1].end, Request::End::closed);
  EXPECT_EQ(requests[2].end, Request::End::answered);
  EXPECT_EQ(requests[2].status, 503);
  EXPECT_EQ(requests[3].end, Request::End::reset);
  EXPECT_GT(requests[3].connected, 0ns);
}

TEST_F(Probes, WhatIsUnansweredAtTheEndIsUnfinishedOnceTheLingerIsOver) {
  const auto server_socket = listener(server());
  auto seen = capture("client", "tcp port 80");
  auto http = start_recorded("http", "--to 10.1.1.1 --port 80 --rate 20 --timeout 60s --linger 50ms");
  seen.await(3, "GET /");
  end(http);
  EXPECT_EQ(ends(read_requests(file("http"))), std::set{Request::End::unfinished});
}

// --- flows ---

TEST_F(Probes, FlowsTalkUntilTheEndAndSurvive) {
  auto nginx = start_nginx();
  auto seen = capture("client", "tcp port 80");
  auto probe = start_recorded("flows", "--to 10.1.1.1 --port 80 --count 5 --interval 50ms --linger 5s");
  seen.await(100, "HTTP/1.1 200 OK");
  end(probe);
  const auto flows = read_flows(file("flows"));
  ASSERT_EQ(flows.size(), 5u);
  for (const auto& flow : flows) {
    EXPECT_EQ(flow.end, Flow::End::survived);
    EXPECT_EQ(flow.seen, "10.9.0.1:" + std::to_string(flow.port));
    ASSERT_GE(flow.exchanges.size(), 10u);
    for (const auto& exchange : flow.exchanges) {
      ASSERT_TRUE(exchange.answered);
      EXPECT_GT(*exchange.answered, exchange.at);
      EXPECT_EQ(exchange.server, "10.9.0.2");
    }
  }
}

TEST_F(Probes, AFlowThatGetsNoAnswersAsksOnAndIsSilent) {
  auto nginx = start_nginx();
  auto seen = capture("client", "tcp port 80");
  auto probe = start_recorded("flows", "--to 10.1.1.1 --port 80 --count 2 --interval 20ms");
  seen.await(20, "HTTP/1.1 200 OK");
  set_link("server", "down");
  seen.await(14, "> 10.1.1.1.80");
  end(probe);
  for (const auto& flow : read_flows(file("flows"))) {
    EXPECT_EQ(flow.end, Flow::End::silent);
    EXPECT_TRUE(flow.exchanges.front().answered);
    const auto unanswered = std::ranges::count_if(flow.exchanges, [](const auto& e) { return !e.answered; });
    EXPECT_GE(unanswered, 2) << "that one is outstanding keeps none back";
    EXPECT_TRUE(std::ranges::all_of(flow.exchanges.end() - unanswered, flow.exchanges.end(),
                                    [](const auto& e) { return !e.answered && e.server.empty(); }))
        << "answers come in order";
  }
}

TEST_F(Probes, AFlowThatHadToWaitSurvivesWithItsLateAnswers) {
  auto nginx = start_nginx();
  auto seen = capture("client", "tcp port 80");
  auto probe = start_recorded("flows", "--to 10.1.1.1 --port 80 --count 1 --interval 20ms --linger 5s");
  seen.await(10, "HTTP/1.1 200 OK");
  set_link("server", "down");
  seen.await(12, "> 10.1.1.1.80");
  set_link("server", "up");
  seen.await(10, "HTTP/1.1 200 OK");
  end(probe);
  const auto flows = read_flows(file("flows"));
  ASSERT_EQ(flows.size(), 1u);
  EXPECT_EQ(flows[0].end, Flow::End::survived);
  nanoseconds longest{};
  for (const auto& exchange : flows[0].exchanges) {
    ASSERT_TRUE(exchange.answered);
    longest = std::max(longest, *exchange.answered - exchange.at);
  }
  EXPECT_GT(longest, 100ms) << "as long as the link was down";
}

TEST_F(Probes, FlowsThatAreClosedResetOrRefusedStaySo) {
  auto server_socket = listener(server());
  auto seen = capture("client", "tcp port 80");
  auto probe = start_recorded("flows", "--to 10.1.1.1 --port 80 --count 3 --interval 300ms");
  { const auto connection = accept(server_socket); }  // the first is closed; the second stays in the kernel
  seen.await(1, "GET /");
  server_socket = sys::Fd{};
  seen.await(1, "Flags [R");
  end(probe);
  auto flows = read_flows(file("flows"));
  EXPECT_EQ(flows.at(0).end, Flow::End::closed);
  EXPECT_EQ(flows.at(0).exchanges.size(), 0u);
  EXPECT_EQ(flows.at(1).end, Flow::End::reset);
  EXPECT_LT(flows.at(1).began, flows.at(1).ended);

  auto refused = start_recorded("flows", "--to 10.1.1.1 --port 80 --count 1");
  seen.await(1, "Flags [R.]");
  end(refused);
  flows = read_flows(file("flows"));
  ASSERT_EQ(flows.size(), 1u);
  EXPECT_EQ(flows[0].end, Flow::End::refused);
}

// --- connect ---

bool is_event(const std::string& line) { return line.starts_with("{"); }

TEST_F(Probes, AConnectionTellsWhomItsServerSaw) {
  auto echo = start(server(), "echo --port 7777 --tcp");
  Program connect(client(), argv("connect --to 10.1.1.1 --port 7777"));
  const auto told = nlohmann::json::parse(connect.until("its event", is_event));
  EXPECT_EQ(told["event"], "connection");
  EXPECT_EQ(told["to"], "10.1.1.1:7777");
  EXPECT_THAT(told["own"].get<std::string>(), testing::StartsWith("10.9.0.1:"));
  EXPECT_EQ(told["seen"], told["own"]);
  EXPECT_EQ(told["server"], "10.1.1.1");
  EXPECT_EQ(connect.end(0).code(), 0);
}

TEST_F(Probes, AConnectionThatFailsSaysWhy) {
  Program refused(client(), argv("connect --to 10.1.1.1 --port 7777"));
  EXPECT_EQ(nlohmann::json::parse(refused.until("its event", is_event))["error"], "Connection refused");
  EXPECT_EQ(refused.end(0).code(), 1);
  set_link("server", "down");
  Program lost(client(), argv("connect --to 10.1.1.1 --port 7777 --timeout 200ms"));
  EXPECT_EQ(nlohmann::json::parse(lost.until("its event", is_event)),
            (nlohmann::json{{"event", "connection"}, {"to", "10.1.1.1:7777"}, {"error", "timed out"}}));
  EXPECT_EQ(lost.end(0).code(), 1);
}

// --- jitter ---

/// Has a CPU to itself for a while.
void hog(int cpu, nanoseconds time) {
  std::thread([&] {
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(cpu, &only);
    sys::check("stay on a CPU", ::sched_setaffinity(0, sizeof only, &only));
    const sched_param priority{.sched_priority = 10};
    sys::check("take precedence", ::sched_setscheduler(0, SCHED_FIFO, &priority));
    for (const auto end = now() + time; now() < end;) {
    }
  }).join();
}

TEST_F(Probes, AHogIsSeenAsJitter) {
  const int cpu = ::sched_getcpu();
  Program jitter(client(), {"taskset", "-c", std::to_string(cpu), program(), "jitter", "--record",
                            file("jitter"), "--period", "5ms"});
  jitter.until("it to run", [](const auto& line) { return line.find("running") != line.npos; });
  const auto began = now();
  hog(cpu, 300ms);
  const auto ended = now();
  end(jitter);
  const auto record = read_jitter(file("jitter"));
  EXPECT_EQ(record.period, 5ms);
  EXPECT_LE(record.began, began);
  EXPECT_GE(record.ended, ended);
  ASSERT_FALSE(record.late.empty());
  const auto worst = *std::ranges::max_element(record.late, {}, &JitterRecord::Late::by);
  EXPECT_GE(worst.by, 200ms);
  EXPECT_GT(worst.due + worst.by, began);
  EXPECT_LT(worst.due, ended);
  ASSERT_TRUE(record.waited) << "this kernel tells";
  EXPECT_GE(*record.waited, 200ms);
}

TEST_F(Probes, OfAnIdleMachineThereIsARecordToo) {
  auto jitter = start_recorded("jitter", "--period 1s");
  end(jitter);
  const auto record = read_jitter(file("jitter"));
  EXPECT_EQ(record.period, 1s);
  EXPECT_LT(record.began, record.ended);
  EXPECT_EQ(record.late.size(), 0u);
}

// --- the command line ---

TEST_F(Probes, BadUsageIsToldApartFromFailure) {
  for (const auto* words :
       {"", "udp", "udp --to nowhere --port 80 --record f", "udp --to ::1 --port 0 --record f",
        "http --to ::1 --port 80 --record f --timeout 5", "jitter --record f --period 0ms"}) {
    Program probe(client(), argv(words));
    EXPECT_EQ(probe.end(0).code(), 2) << words;
  }
  Program probe(client(), argv("jitter --record /no/such/folder/f"));
  EXPECT_EQ(probe.end(0).code(), 1);
}

}  // namespace
}  // namespace lblab::probe
