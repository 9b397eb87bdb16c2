#pragma once

#include <string>

#include "lab/nl/socket.hpp"
#include "lab/sys/fd.hpp"

namespace lblab::nl {

/// An XDP program that passes everything. Throws SystemError.
sys::Fd load_passing_program();

/// Attaches the program; refused (EBUSY) where there is one. The link keeps it when the descriptor is closed.
Message attach_xdp(int link, const sys::Fd& program);
/// No XDP program, whosever it was.
Message detach_xdp(int link);

/// Whether the link may leave the checksums of what it sends to whoever needs them (`tx` of ethtool(8)). In
/// the network namespace that the thread is in; by ioctl (linux/ethtool.h), since a kernel may lack ethtool's
/// netlink. Throws SystemError.
void set_checksum_offload(const std::string& link, bool on);

}  // namespace lblab::nl
