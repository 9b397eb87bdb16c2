#include "lab/cli/end_lab.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <algorithm>
#include <future>
#include <thread>

#include "lab/cli/client.hpp"
#include "lab/cli/commands.hpp"
#include "lab/run/state.hpp"
#include "lab/sys/fd.hpp"

namespace lblab::cli {

using namespace std::chrono_literals;

namespace {

/// The process that listens at the lab's control socket, held by a pidfd. It cannot be another one's: while
/// our connection is in its backlog or accepted, the listener that it belongs to is alive.
sys::Fd supervisor_of(const std::string& lab) {
  sys::Fd connection{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  lblab::run::control_socket(lab).copy(address.sun_path, sizeof address.sun_path - 1);
  if (::connect(connection.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return {};
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.pid <= 0) return {};
  sys::Fd pidfd{static_cast<int>(::syscall(SYS_pidfd_open, peer.pid, 0))};
  pollfd still{connection.get(), POLLIN, 0};
  if (!pidfd || ::poll(&still, 1, 0) != 0) return {};
  return pidfd;
}

/// The moment when nobody holds the lab's lock any more. flock() has no deadline of its own: a thread waits
/// for it, and is left behind where nobody waits for the thread any more.
class End {
 public:
  explicit End(const std::string& lab) {
    const int file = ::open((lblab::run::state_folder(lab) + "/lock").c_str(), O_RDWR | O_CLOEXEC);
    auto come = std::make_shared<std::promise<void>>();
    come_ = come->get_future();
    std::thread{[file, come] {
      if (file >= 0) ::flock(file, LOCK_EX);
      ::close(file);
      come->set_value();
    }}.detach();
  }
  bool within(std::chrono::seconds limit) const { return come_.wait_for(limit) == std::future_status::ready; }

 private:
  std::future<void> come_;
};

bool is_alive(const std::string& lab) {
  const auto labs = lblab::run::labs();
  return std::ranges::any_of(labs, [&](const auto& found) { return found.lab == lab && found.alive; });
}

/// False if it did not answer: it is not there yet, on its way down already, or hangs.
bool ask_to_end(const std::string& lab) {
  try {
    ask(lab, "POST", "/down", 10s);
    return true;
  } catch (const Failure&) {
    return false;
  }
}

}  // namespace

void end_lab(const std::string& lab) {
  if (is_alive(lab)) {
    const End end{lab};
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    sys::Fd supervisor;
    for (bool ended = false, asked = false; !ended && std::chrono::steady_clock::now() < deadline;) {
      if (!supervisor) supervisor = supervisor_of(lab);
      asked = asked || ask_to_end(lab);
      ended = end.within(asked ? 30s : 1s);
    }
    if (!end.within(0s) && supervisor) {
      ::syscall(SYS_pidfd_send_signal, supervisor.get(), SIGKILL, nullptr, 0);
      end.within(10s);
    }
    if (!end.within(0s))
      throw Failure{lab_fault, lab + " does not end: whoever holds " + lblab::run::state_folder(lab) +
                                   "/lock is alive, and no supervisor answers there"};
  }
  lblab::run::clean(lab);
}

}  // namespace lblab::cli
