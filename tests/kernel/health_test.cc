#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "lbcore/health/probe.hpp"
#include "tests/kernel/lab_fixture.hpp"
#include "tests/kernel/program.hpp"

/// lbd's HTTP check against nginx, which answers with whatever status it is told to.
namespace lblab {
namespace {

constexpr std::uint16_t port = 8080;

std::string nginx_conf(const std::string& folder, const std::vector<int>& statuses) {
  std::string text =
      "daemon off; master_process off; error_log stderr notice; pid " + folder + "/pid;\nevents {}\nhttp {\n";
  for (const auto* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
    text += std::string(kind) + "_temp_path " + folder + "/" + kind + ";\n";
  text += "access_log off;\nserver { listen 127.0.0.1:" + std::to_string(port) + ";\n";
  for (const int status : statuses) {
    const auto number = std::to_string(status);
    text += "location = /" + number + " { return " + number + "; }\n";
  }
  // 301 and 302 need somewhere to lead to: to nothing here.
  text += "location = /moved { return 302 /nowhere; }\nlocation = /silent { return 444; }\n";
  return text + "location = /nowhere { return 404; }\n}\n}\n";
}

class HttpHealth : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    add_host(lab_of_one_, "web");
    up(lab_of_one_);
    sys::write_file(folder() + "/nginx.conf", nginx_conf(folder(), statuses_));
    nginx_.emplace(kernel_->netns("web"),
                   std::vector<std::string>{"nginx", "-e", "stderr", "-c", folder() + "/nginx.conf"});
    nginx_->until("nginx to listen", [](const auto& line) { return line.find("epoll") != line.npos; });
  }
  void TearDown() override {
    nginx_.reset();
    std::filesystem::remove_all(folder());
    KernelTest::TearDown();
  }

  std::string folder() const {
    std::filesystem::create_directories(state_ + "/nginx");
    return state_ + "/nginx";
  }

  lbcore::health::Result probed(const std::string& path) {
    lbcore::HealthCheck check;
    check.kind = lbcore::HealthCheck::Kind::http;
    check.path = path;
    check.timeout = std::chrono::seconds(10);
    std::optional<lbcore::health::Result> result;
    boost::asio::io_context io{1};
    boost::asio::co_spawn(io, lbcore::health::probe(check, {address("127.0.0.1"), port}),
                          [&](const std::exception_ptr&, lbcore::health::Result r) { result = r; });
    // The loop's sockets are opened inside; it is this thread's and is done when it leaves.
    kernel_->netns("web").within([&] { io.run_for(std::chrono::seconds(20)); });
    return result.value_or(lbcore::health::Result{false, "no result"});
  }

  Lab lab_of_one_;
  std::optional<Program> nginx_;
  const std::vector<int> statuses_{200, 201, 204, 206, 299, 300, 304, 307, 308, 399,
                                   400, 401, 403, 404, 429, 498, 500, 502, 503, 504};
};

TEST_F(HttpHealth, StatusesFrom200To399AreHealthyAndNoOthers) {
  for (const int status : statuses_) {
    const auto result = probed("/" + std::to_string(status));
    EXPECT_EQ(result.passed, status >= 200 && status <= 399) << status;
    EXPECT_EQ(result.reason, result.passed ? "" : "status " + std::to_string(status));
  }
}

TEST_F(HttpHealth, ARedirectIsAnAnswerAndIsNotFollowed) {
  EXPECT_TRUE(probed("/moved").passed);
  EXPECT_EQ(probed("/nowhere").reason, "status 404");
}

TEST_F(HttpHealth, NoAnswerIsNone) {
  const auto result = probed("/silent");
  EXPECT_FALSE(result.passed);
  EXPECT_NE(result.reason, "");
}

}  // namespace
}  // namespace lblab
