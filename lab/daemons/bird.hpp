#pragma once

#include "lab/daemons/bgp.hpp"

/// bird 2.0.12. As a router it writes the kernel's multipath routes itself, and takes them away when it ends.
namespace lblab::daemons::bird {

Program router(const BgpRouter&);
Program reflector(const BgpReflector&);

}  // namespace lblab::daemons::bird
