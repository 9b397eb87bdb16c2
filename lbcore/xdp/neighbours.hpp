#pragma once

#include <map>
#include <set>
#include <utility>

#include "lab/nl/neighbour.hpp"
#include "lab/nl/socket.hpp"
#include "lbcore/service.hpp"

namespace lbcore::xdp {

/// The MAC addresses of next hops, kept known: XDP looks neighbours up, and nobody would ask for them. In the
/// network namespace in which this was made. Entries stay when it goes.
class Neighbours {
 public:
  /// Has the kernel keep the next hops towards these servers, and no longer those it was told to keep before.
  /// What others have entered stays as it is; a server without a route is left out. Throws SystemError.
  void keep(const std::set<Address>& servers);
  /// The next keep() asks for every route again, and enters again what the kernel may have forgotten.
  void forget() {
    ways_.clear();
    kept_is_sure_ = false;
  }
  /// Whether the entry is of a next hop towards one of the servers.
  bool is_needed(const lblab::nl::Neighbour&) const;

 private:
  using Way = std::pair<int, Address>;  // link and next hop

  lblab::nl::Socket socket_;
  std::map<Address, Way> ways_;  // by server
  std::set<Way> kept_;           // entered here
  bool kept_is_sure_ = true;     // none of them has gone since
};

}  // namespace lbcore::xdp
