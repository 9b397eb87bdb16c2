#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>

#include "lab/run/history.hpp"
#include "lab/run/process_table.hpp"
#include "lab/sys/process.hpp"

/// A scenario that killed a process and started it again found that "nothing had ended": the kill's effect
/// was seen in a route before the supervisor had been told of the end.
namespace lblab::run {
namespace {

using namespace std::chrono_literals;
using model::Restart;

class StartOfWhatIsBeingKilled : public testing::Test {
 protected:
  StartOfWhatIsBeingKilled() {
    std::filesystem::create_directories(folder_ / "logs");
    table_.emplace(io_.get_executor(), history_, folder_ / "logs");
    table_->spawn = [this](const std::string& host, const model::Process& spec) {
      ++starts_;
      sys::Command command;
      command.argv = spec.argv;
      auto out = sys::make_pipe(), err = sys::make_pipe();
      command.out = out.write.get();
      command.err = err.write.get();
      table_->started(host, spec, sys::spawn(command), std::move(out.read), std::move(err.read));
    };
    table_->spawn("host", sleeper_);
  }
  ~StartOfWhatIsBeingKilled() override {
    table_->removed("host");
    io_.run_for(1s);
    table_.reset();
    std::filesystem::remove_all(folder_);
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("killed-" + std::to_string(::getpid()));
  const model::Process sleeper_{.name = "it", .argv = {"sleep", "1000"}};
  boost::asio::io_context io_;
  History history_{io_.get_executor(),
                   (std::filesystem::create_directories(folder_), folder_ / "events.jsonl")};
  std::optional<ProcessTable> table_;
  int starts_ = 0;
};

TEST_F(StartOfWhatIsBeingKilled, ComesWhenItHasEnded) {
  EXPECT_EQ(table_->kill("host", "it", SIGKILL, Restart::never), 1);
  EXPECT_EQ(table_->start("host", "it"), 1) << "nobody has been told of its end yet";
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  while (starts_ < 2 && std::chrono::steady_clock::now() < deadline) io_.run_one_for(1s);
  EXPECT_EQ(starts_, 2);
}

TEST_F(StartOfWhatIsBeingKilled, WhatRunsIsNotStarted) { EXPECT_EQ(table_->start("host", "it"), 0); }

}  // namespace
}  // namespace lblab::run
