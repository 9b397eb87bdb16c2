#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <sstream>

#include "fixtures/even_shares.hpp"
#include "fixtures/lab_under_test.hpp"
#include "lab/sys/fd.hpp"

/// topologies/ecmp.yaml with one word changed: the kind of its load balancers. On this kernel, whether it has
/// IPVS or not.
namespace lblab {
namespace {

using fixtures::LabUnderTest;
using fixtures::p_of_even;
using nlohmann::json;
using testing::SizeIs;
using Gateways = std::set<std::string>;

constexpr const char* web = "10.1.1.0/24";
constexpr std::chrono::seconds long_enough{60};

std::string with_kind(const std::string& kind) {
  auto text = sys::read_file(LBLAB_SOURCE_DIR "/topologies/ecmp.yaml");
  const std::string word = "kind: ipvs";
  text.replace(text.find(word), word.size(), "kind: " + kind);
  const auto file =
      std::filesystem::temp_directory_path() / ("kinds-" + kind + "-" + std::to_string(::getpid()) + ".yaml");
  sys::write_file(file, text);
  return file;
}

class Kind : public testing::TestWithParam<const char*> {
 protected:
  Kind() : file_(with_kind(GetParam())) {
    lab_.emplace(LBLAB_PROGRAM, file_, std::string("kinds-") + GetParam() + "-" + std::to_string(::getpid()));
  }
  ~Kind() override { std::filesystem::remove(file_); }

  /// Who answered so many connections, one after another; one without an answer fails the test.
  std::map<std::string, long> ask(int count) {
    std::vector<std::string> argv{"curl", "-sS", "--max-time", "10", "-H", "Connection: close", "-w", "\\n"};
    argv.insert(argv.end(), static_cast<size_t>(count), "http://10.1.1.1/");
    const auto fetched = lab_->in("client", argv);
    EXPECT_EQ(fetched.code, 0) << fetched.err;
    std::map<std::string, long> by_pod;
    std::istringstream lines{fetched.out};
    for (std::string line; std::getline(lines, line);)
      if (!line.empty()) ++by_pod[line];
    return by_pod;
  }

  json real_servers(const std::string& balancer) {
    return json::parse(lab_->must("inspect --json"))["real-servers"][balancer];
  }

  std::string file_;
  std::optional<LabUnderTest> lab_;
};

TEST_P(Kind, ServesWithFairSharesAndReactsToAKilledPodAndALostLoadBalancer) {
  const auto shares = ask(600);
  ASSERT_THAT(shares, SizeIs(6)) << testing::PrintToString(shares);
  EXPECT_GT(p_of_even(shares), 1e-6) << testing::PrintToString(shares);
  const auto told = real_servers("web-lb-1");
  EXPECT_EQ(told["dataplane"], GetParam());
  EXPECT_THAT(told["services"][0]["destinations"], SizeIs(6));

  auto mark = lab_->mark();
  lab_->must("kill web-2/nginx --restart never");
  for (const std::string balancer : {"web-lb-1", "web-lb-2", "web-lb-3"})
    ASSERT_TRUE(lab_->event(
        mark, [&](const json& e) { return e["event"] == "table" && e["host"] == balancer; }, long_enough))
        << balancer;
  const auto left = ask(120);
  EXPECT_THAT(left, SizeIs(5));
  EXPECT_FALSE(left.contains("172.16.2.2")) << "web-2's address";

  mark = lab_->mark();
  lab_->must("kill web-lb-2 --restart never");
  ASSERT_TRUE(lab_->route_becomes(mark, web, Gateways{"10.0.0.105", "10.0.0.107"}, long_enough));
  EXPECT_THAT(ask(60), SizeIs(5));
}

INSTANTIATE_TEST_SUITE_P(Of, Kind, testing::Values("nftables", "iptables", "nginx"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace lblab
