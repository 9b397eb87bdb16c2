#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lab/apply/kernel.hpp"
#include "lab/sys/netns.hpp"
#include "lab/sys/process.hpp"

namespace lblab::apply {

/// Who owns the processes that a plan spawns. The supervisor (run/) implements it; tests and benchmarks use
/// HeldProcesses.
class Processes {
 public:
  virtual ~Processes() = default;
  /// A process was started; out and err are the read ends of its stdout and stderr.
  virtual void started(const std::string& host, const model::Process& spec, sys::Process process, sys::Fd out,
                       sys::Fd err) = 0;
  /// Sends the signal to the named process; a process that has ended already is fine.
  virtual void signal(const std::string& host, const model::Process& spec, int number) = 0;
  /// Forget (kill, reap) everything of this host: it is being removed.
  virtual void removed(const std::string& host) = 0;
};

/// Keeps what was started; kills it when destroyed. Nobody reads the output: for processes that say little.
class HeldProcesses : public Processes {
 public:
  HeldProcesses();
  ~HeldProcesses() override;
  void started(const std::string&, const model::Process&, sys::Process, sys::Fd, sys::Fd) override;
  void signal(const std::string&, const model::Process&, int) override;
  void removed(const std::string&) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Carries ops out on this machine. Owns the namespaces, the files below `state` and the bind mounts under
/// /run/netns that it made; destroying it releases them all (drops all namespaces together:
/// findings/bring-up, rule 7). One thread.
class LinuxKernel : public Kernel {
 public:
  struct Settings {
    std::string lab;    // prefix of the names under /run/netns: LAB.HOST
    std::string state;  // a folder of the lab's own; hosts' files are at STATE/hosts/HOST/{run,tmp,log}
    bool name_namespaces = true;  // bind mounts under /run/netns
    std::string programs = {};    // a folder of programs that hosts must see even if it is below /tmp or /run
  };
  LinuxKernel(Settings settings, Processes& processes);
  ~LinuxKernel() override;

  void apply(std::span<const plan::Op> ops, Absent absent = Absent::is_an_error) override;

  /// Takes away the names, mounts and files of a lab whose process is gone (namespaces and processes went
  /// with it). None there is fine.
  static void clear(const Settings&);

  const sys::Netns& netns(const std::string& host) const;
  /// Descriptors for sys::Command::namespaces: the host's mount, uts and network namespaces. Valid while the
  /// host exists.
  std::vector<int> namespaces(const std::string& host);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lblab::apply
