#include <fcntl.h>

#include <filesystem>

#include "lab/cli/commands.hpp"
#include "lab/cli/guest_relay.hpp"
#include "lab/run/supervisor.hpp"
#include "lab/scenario/serve.hpp"
#include "lab/sys/error.hpp"

namespace lblab::cli {

namespace {

struct SuperviseOptions {
  std::string name, state;
  int locked = -1, listening = -1;
  bool guest = false;
};

/// A descriptor that we were started with; whoever we start shall not have it.
sys::Fd inherited(int fd) {
  if (fd >= 0) sys::check("keep a descriptor", ::fcntl(fd, F_SETFD, FD_CLOEXEC));
  return sys::Fd{fd};
}

}  // namespace

void add_supervise(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("supervise", "What `up` starts: serves one lab until it is taken down");
  command->group("");  // hidden
  auto options = std::make_shared<SuperviseOptions>();
  command->add_option("--name", options->name)->required();
  command->add_option("--state", options->state)->required();
  command->add_option("--locked", options->locked,
                      "a descriptor that holds the lab's lock: kept until the end");
  command->add_option("--listening", options->listening,
                      "a descriptor to tell on that the control socket is there");
  command->add_flag("--guest", options->guest,
                    "boot a guest kernel, run the supervisor there and relay its control socket");
  command->callback([=, &run] {
    run = [=] {
      const sys::Fd lock = inherited(options->locked);
      sys::Fd listening = inherited(options->listening);
      const std::string programs = std::filesystem::read_symlink("/proc/self/exe").parent_path();
      if (options->guest) return relay_guest(options->name, options->state, std::move(listening));
      return lblab::run::supervise(options->name, options->state, programs, std::move(listening),
                                   scenario::serve);
    };
  });
}

}  // namespace lblab::cli
