#include "lab/cli/start_supervisor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <filesystem>

#include "lab/cli/client.hpp"
#include "lab/cli/commands.hpp"
#include "lab/sys/error.hpp"
#include "lab/sys/process.hpp"

namespace lblab::cli {

namespace {

constexpr int lock_descriptor = 3, listening_descriptor = 4;  // in the supervisor: see supervise.cc

/// Ours, for paths in our environment that are relative to it; or / where we could not enter it again, as
/// after `su` in somebody's home.
std::string directory() {
  const auto here = std::filesystem::current_path();
  return ::access(here.c_str(), X_OK) == 0 ? here : "/";
}

}  // namespace

void start_supervisor(const lblab::run::Claim& claim, bool guest) {
  const std::string log_path = claim.folder + "/supervisor.log";
  const sys::Fd log = sys::open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0600);
  auto listening = sys::make_pipe();
  sys::Command command{
      .argv = {std::filesystem::read_symlink("/proc/self/exe"), "supervise", "--name", claim.lab, "--state",
               claim.folder, "--locked", std::to_string(lock_descriptor), "--listening",
               std::to_string(listening_descriptor)},
      .environment = sys::own_environment(),
      .directory = directory(),
      .out = log.get(),
      .err = log.get(),
      .inherited = {claim.lock.get(), listening.write.get()}};
  if (guest)
    command.argv.push_back("--guest");
  else
    command.new_pid_namespace = true;
  auto supervisor = sys::spawn(command);
  listening.write = sys::Fd{};

  // It writes one byte when it listens; only its end closes the pipe without.
  char byte;
  ssize_t n;
  do n = ::read(listening.read.get(), &byte, 1);
  while (n < 0 && errno == EINTR);
  if (n == 1) return supervisor.detach();
  const sys::Exit exit = supervisor.wait();
  throw Failure{exit.status == machine_lacks ? machine_lacks : lab_fault,
                "the supervisor did not start (" + exit.str() + ")"};
}

}  // namespace lblab::cli
