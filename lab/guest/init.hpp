#pragma once

#include <string_view>

namespace lblab::guest {

/// The first program in the guest, run by busybox. Its last two arguments are paths as the host has them: the
/// folder with the modules, and lblab. Or the last is "probe".
///
/// The agent runs in a child that has the host's tree as its root. The kernel starts /sbin/modprobe in the
/// root of process 1, which stays this archive: so modules are loaded on demand by the busybox in here,
/// whatever the host has.
inline constexpr std::string_view init_script = R"(#!/bin/busybox sh
B=/bin/busybox
while [ $# -gt 2 ]; do shift; done # options that the kernel does not know come first
if [ "$2" = probe ]; then
  echo lblab-probe-alive
  exec $B poweroff -f
fi
$B mount -t proc proc /proc
for module in /modules/*.ko; do $B insmod $module; done
$B mount -r -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=loose root /host &&
  $B mount -o bind "/host$1" /lib/modules &&
  ( cd /host && $B mount --move . / && exec $B chroot . "$2" guest-agent )
$B poweroff -f
)";

}  // namespace lblab::guest
