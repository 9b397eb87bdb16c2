#pragma once

#include "lab/daemons/bgp.hpp"

/// exabgp 4.2, whose API process is lbd-announce.
namespace lblab::daemons::exabgp {

Program announcer(const BgpAnnouncer&);

}  // namespace lblab::daemons::exabgp
