#include "lbcore/fib/child.hpp"

#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <fstream>

namespace lbcore::fib {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::SizeIs;

class FibChild : public testing::Test {
 protected:
  void run(const std::string& script, std::chrono::milliseconds limit = 20s) {
    child = std::make_unique<Child>(io.get_executor(), std::vector<std::string>{"sh", "-c", script}, limit,
                                    Child::Callbacks{[this](std::string_view line) {
                                                       lines.emplace_back(line);
                                                       if (line == destroy_at) child.reset();
                                                     },
                                                     [this] { ++ends; }});
  }
  void loop() {
    io.restart();
    io.run_for(20s);
  }

  boost::asio::io_context io;
  std::unique_ptr<Child> child;
  std::vector<std::string> lines;
  std::string destroy_at = "never";
  int ends = 0;
};

TEST_F(FibChild, ItsLinesComeOneByOneAndThenItsEnd) {
  run("printf 'one\ntwo\n\nthr'; printf 'ee\nno newline'");
  loop();
  EXPECT_THAT(lines, ElementsAre("one", "two", "", "three"));
  EXPECT_EQ(ends, 1);
}

TEST_F(FibChild, ALineMayBeLongerThanAnyBuffer) {
  run("head -c 1000000 /dev/zero | tr '\\0' x; echo; echo end");
  loop();
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_EQ(lines[0], std::string(1'000'000, 'x'));
}

TEST_F(FibChild, SilenceIsItsEndWhenTheLimitIsOver) {
  run("exec sleep 100", 50ms);
  const auto before = std::chrono::steady_clock::now();
  while (ends == 0) io.run_one_for(20s);
  EXPECT_LT(std::chrono::steady_clock::now() - before, 15s);
  EXPECT_EQ(ends, 1);
  child.reset();
  loop();
  EXPECT_EQ(ends, 1);
}

TEST_F(FibChild, TheLimitIsForTheFirstLineOnly) {
  run("echo first; sleep 0.3; echo second", 200ms);
  loop();
  EXPECT_THAT(lines, ElementsAre("first", "second"));
}

TEST_F(FibChild, ItIsKilledWithItsObjectWhichACallbackMayDestroy) {
  destroy_at = "stop";
  run("echo $$; echo stop; echo more; exec sleep 100");
  loop();  // returns, since nothing is left to wait for
  ASSERT_THAT(lines, ElementsAre(testing::_, "stop"));
  EXPECT_EQ(ends, 0);
  EXPECT_FALSE(std::ifstream("/proc/" + lines[0] + "/stat").good()) << "the child lives on";
}

}  // namespace
}  // namespace lbcore::fib
