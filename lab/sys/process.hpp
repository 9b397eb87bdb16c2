#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/sys/fd.hpp"

namespace lblab::sys {

/// What to run and where. Descriptors are borrowed for the length of spawn().
struct Command {
  std::vector<std::string> argv;         // argv[0] is looked up on PATH of `environment`
  std::vector<std::string> environment;  // "NAME=value", the whole of it
  std::string directory = "/";           // as seen after entering the namespaces
  std::vector<int> namespaces;           // descriptors to setns() into, in order
  int in = -1, out = -1, err = -1;       // -1: /dev/null
  bool terminal = false;                 // `in` is a terminal that the child gets as its controlling one
  bool die_with_parent = false;          // PR_SET_PDEATHSIG(SIGKILL): bound to the spawning *thread*
  std::vector<int> inherited;            // become 3, 4, … in the child
  bool new_pid_namespace =
      false;  // the child is its init: when it ends, the kernel kills whatever it started
};

/// How a process ended: exactly one of the two is set.
struct Exit {
  std::optional<int> status;
  std::optional<int> signal;
  /// As a shell reports it: the status, or 128 + signal.
  int code() const { return status ? *status : 128 + *signal; }
  std::string str() const;  // "exit status 1", "killed by signal 9 (Killed)"
};

/// A child, held by a pidfd. Destroying it while the child runs kills it (SIGKILL) and reaps it.
class Process {
 public:
  Process(Process&&) noexcept = default;
  Process& operator=(Process&&) noexcept;
  ~Process();

  pid_t pid() const { return pid_; }       // to show, never to signal
  const Fd& fd() const { return pidfd_; }  // readable once the child has ended
  void signal(int number) const;           // a child that has ended is not an error
  Exit wait();                             // blocks; at most once
  bool waited() const { return !pidfd_; }
  void detach();  // let it live on without us

 private:
  friend Process spawn(const Command&);
  Process(pid_t pid, Fd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}
  pid_t pid_ = -1;
  Fd pidfd_;
};

/// Starts the command with vfork semantics in a session of its own, with no descriptors but those it is
/// given. Throws SystemError that names the step that failed: the program not found, a namespace not entered,
/// the directory missing.
Process spawn(const Command&);

/// Reaps children that no Process holds: what a child of ours left behind, where we are init or a subreaper.
/// To be called on SIGCHLD. A stranger behind one of ours that is yet to be waited for stays a zombie until
/// the next call.
void reap_strangers();

/// The program's path, looked up as spawn() does; empty if there is none.
std::string find_program(const std::string& name, std::string_view path);

/// This process's own environment, for a child that shall have the same.
std::vector<std::string> own_environment();

/// PATH with the folders of system programs, for environments made from nothing.
inline constexpr const char* standard_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

}  // namespace lblab::sys
