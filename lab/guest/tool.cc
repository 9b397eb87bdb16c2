#include "lab/guest/tool.hpp"

#include <fmt/ranges.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

#include "lab/sys/error.hpp"
#include "lab/sys/process.hpp"

namespace lblab::guest {

namespace {

sys::Process start(const std::vector<std::string>& argv, const std::string& directory, int out) {
  sys::Command command;
  command.argv = argv;
  command.environment = environment();
  command.directory = directory;
  command.out = out;
  command.err = STDERR_FILENO;
  command.die_with_parent = true;
  return sys::spawn(command);
}

void expect_success(sys::Process process, const std::vector<std::string>& argv) {
  const auto exit = process.wait();
  if (exit.code() != 0) throw std::runtime_error(fmt::format("{}: {}", fmt::join(argv, " "), exit.str()));
}

}  // namespace

std::string program_path() {
  const char* path = std::getenv("PATH");
  return (path && *path ? std::string(path) + ":" : "") + sys::standard_path;
}

std::vector<std::string> environment() {
  std::vector<std::string> out{"PATH=" + program_path()};
  for (char** entry = environ; *entry; ++entry)
    if (!std::string_view(*entry).starts_with("PATH=")) out.emplace_back(*entry);
  return out;
}

void run_tool(const std::vector<std::string>& argv, const std::string& directory) {
  expect_success(start(argv, directory, STDERR_FILENO), argv);
}

std::string output_of(const std::vector<std::string>& argv) {
  auto [read, write] = sys::make_pipe();
  auto process = start(argv, "/", write.get());
  write = sys::Fd{};
  std::string text;
  char buffer[4096];
  while (const auto size = sys::check("read from " + argv.front(),
                                      static_cast<int>(::read(read.get(), buffer, sizeof buffer))))
    text.append(buffer, static_cast<std::size_t>(size));
  expect_success(std::move(process), argv);
  return text;
}

}  // namespace lblab::guest
