#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lab/guest/image.hpp"
#include "lab/guest/protocol.hpp"
#include "lab/sys/process.hpp"

/// Runs one command under the guest's kernel, on the host's file tree (root.hpp says what of it).
namespace lblab::guest {

namespace asio = boost::asio;

/// Connections to a unix socket on the host go on to one in the guest. The host's is there (mode 0600) from
/// before the boot until the end; a connection waits up to 60 s for somebody to listen in the guest.
struct Forward {
  std::string host_path, guest_path;
};

struct Job {
  std::vector<std::string> argv;
  std::vector<std::string> environment;  // job_environment() by default
  std::string directory = "/";           // of the host, readable in the guest
  std::vector<std::string> visible;      // more folders of the host to be seen below /tmp, /run, …
  std::vector<std::string> shared;       // folders of the host that the job may write
  std::vector<Forward> forwards;
  bool terminal = false;  // `in` and `out` are a terminal; the job gets one of its own
  int memory_mib = 1024;
  int cpus = 2;
  bool counts_instructions = false;  // then it has one processor, for which a nanosecond is an instruction
  std::optional<std::chrono::seconds>
      limit;  // of the job's own time; then TERM, and 3 s later the guest is ended
  std::chrono::milliseconds boot_limit = std::chrono::seconds(60);  // less what QEMU waited for a processor
  std::string agent;  // the lblab program that is run in the guest; empty: the running program
  Progress progress = [](const std::string&) {};
  std::function<void()> listening = [] {};  // called once the host's ends of the forwards accept connections
};

/// Borrowed; their flags are not changed.
struct Streams {
  int in = 0, out = 1, err = 2;
};

/// The guest did not come up, or ended before its job: what() has the last lines of its console.
class GuestError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The caller's environment, less what holds only on the host, for a job that is root: HOME=/root.
std::vector<std::string> job_environment();

/// Prepares the image if need be, boots, runs the job, and leaves nothing behind. INT, TERM and HUP that come
/// meanwhile go to the job (before it runs, or when one comes for the third time, they end the guest);
/// SIGPIPE is ignored from now on. As a shell reports them: a limit that was reached is status 124, a command
/// that cannot be started 126 or 127, after a line on `err`. Throws Lacking, GuestError, SystemError.
asio::awaitable<sys::Exit> run(Job, Streams);

/// The same with an event loop of its own.
sys::Exit run_and_wait(Job, Streams);

}  // namespace lblab::guest
