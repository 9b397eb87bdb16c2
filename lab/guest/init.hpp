#pragma once

#include <string_view>

namespace lblab::guest {

/// The first program in the guest, run by busybox. Its last argument is the path of lblab as the host has it,
/// or "probe".
///
/// The agent runs in a child that has the host's tree as its root. The kernel starts /sbin/modprobe in the
/// root of process 1, which stays this archive: so modules are loaded on demand by the busybox in here, from
/// the modules mounted in here, whatever the host has.
inline constexpr std::string_view init_script = R"(#!/bin/busybox sh
B=/bin/busybox
for what; do :; done # the last argument; options that the kernel does not know come before it
if [ "$what" = probe ]; then
  echo lblab-probe-alive
  exec $B poweroff -f
fi
$B mount -t proc proc /proc
for module in /modules/*.ko; do $B insmod $module; done
options=trans=virtio,version=9p2000.L,msize=512000,cache=loose
$B mount -r -t 9p -o $options root /host && $B mount -r -t 9p -o $options modules /lib/modules &&
  ( cd /host && $B mount --move . / && exec $B chroot . "$what" guest-agent )
$B poweroff -f
)";

}  // namespace lblab::guest
