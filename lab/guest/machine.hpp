#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "lab/guest/image.hpp"
#include "lab/guest/protocol.hpp"
#include "lab/sys/fd.hpp"
#include "lab/sys/process.hpp"

namespace lblab::guest {

/// What QEMU is asked for.
struct MachineOptions {
  Image image;
  std::string program;  // that /init starts: lblab, or "probe"; see init.hpp
  int memory_mib = 1024;
  int cpus = 2;
  bool kvm = false;
  // QEMU's -icount: one processor that does an instruction in each nanosecond of the guest's time; without
  // KVM.
  bool counts_instructions = false;
  std::vector<SharedFolder> shared;
};

/// QEMU's command line; the port, the console and the initrd are its descriptors 3, 4 and 5. Pure.
std::vector<std::string> qemu_command(const MachineOptions&);

/// A running QEMU. It dies with this object, and with the thread that made it. Members in the order of
/// teardown's reverse: the process ends before its descriptors close.
struct Machine {
  /// Throws Lacking when a program is not there.
  explicit Machine(const MachineOptions&);

  /// How long its threads waited for a processor; that of the one which waited longest. A deadline that
  /// leaves this time out tells a guest that hangs from one on a host that is busy.
  std::chrono::nanoseconds starved() const;

  sys::Fd port;     // the mux speaks here; a socket
  sys::Fd console;  // what the kernel and /init print; a socket
  sys::Fd errors;   // what QEMU prints; a pipe
  sys::Process process;

 private:
  struct Ends;
  Machine(const MachineOptions&, Ends);
};

/// Whether KVM runs a guest here. That the device is there says little: a guest must have booted, within 4 s.
/// The answer is kept in the cache for as long as the host is up.
struct Kvm {
  bool usable = false;
  std::string why;  // for people: "boots a guest", "/dev/kvm: Permission denied"
};
Kvm probe_kvm(const Image&);
bool kvm_usable();  // false also where there is no image yet

}  // namespace lblab::guest
