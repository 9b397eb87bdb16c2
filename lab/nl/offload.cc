#include "lab/nl/offload.hpp"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "lab/sys/error.hpp"
#include "lab/sys/fd.hpp"

namespace lblab::nl {

void set_offload(const std::string& link, Offload offload, bool on) {
  const bool checksum = offload == Offload::tx_checksum;
  const std::string attempt =
      std::string("turn ") + (checksum ? "checksum offload" : "GRO") + (on ? " on" : " off") + " on " + link;
  const sys::Fd any{sys::check(attempt, ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0))};
  ethtool_value value{.cmd = checksum ? std::uint32_t{ETHTOOL_STXCSUM} : std::uint32_t{ETHTOOL_SGRO},
                      .data = on};
  ifreq request{};
  link.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_data = reinterpret_cast<char*>(&value);
  sys::check(attempt, ::ioctl(any.get(), SIOCETHTOOL, &request));
}

}  // namespace lblab::nl
