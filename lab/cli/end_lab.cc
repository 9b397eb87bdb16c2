#include "lab/cli/end_lab.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <future>
#include <thread>

#include "lab/cli/client.hpp"
#include "lab/run/state.hpp"
#include "lab/sys/fd.hpp"

namespace lblab::cli {

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

}  // namespace

bool wait_until_ended(const std::string& lab, int seconds) {
  const int file = ::open((lblab::run::state_folder(lab) + "/lock").c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return true;
  // flock() has no deadline of its own: a thread waits for it, and is left behind where the deadline passes.
  auto held = std::make_shared<std::promise<void>>();
  auto done = held->get_future();
  std::thread{[file, held] {
    ::flock(file, LOCK_EX);
    ::close(file);
    held->set_value();
  }}.detach();
  return done.wait_for(std::chrono::seconds(seconds)) == std::future_status::ready;
}

void end_lab(const std::string& lab) {
  bool alive = false;
  for (const auto& found : lblab::run::labs()) alive |= found.lab == lab && found.alive;
  if (alive) {
    const sys::Fd supervisor = supervisor_of(lab);
    try {
      ask(lab, "POST", "/down", std::chrono::seconds(10));
    } catch (const Failure&) {
      // It may be on its way down already, or hang: the lock tells.
    }
    if (!wait_until_ended(lab, 30) && supervisor) {
      ::syscall(SYS_pidfd_send_signal, supervisor.get(), SIGKILL, nullptr, 0);
      wait_until_ended(lab, 10);
    }
  }
  lblab::run::clean(lab);
}

}  // namespace lblab::cli
