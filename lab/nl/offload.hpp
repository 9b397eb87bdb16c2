#pragma once

#include <string>

namespace lblab::nl {

/// What a link may do to packets, or leave to others, as ethtool(8) names it: `tx` fills in no checksums of
/// what leaves (the next that needs one does), `gro` joins segments as they come in.
enum class Offload { tx_checksum, gro };

/// In the network namespace that the thread is in. By ioctl (linux/ethtool.h), since ethtool's netlink may be
/// left out of a kernel. Throws SystemError.
void set_offload(const std::string& link, Offload, bool on);

}  // namespace lblab::nl
