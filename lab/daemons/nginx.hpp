#pragma once

#include <cstdint>

#include "lab/daemons/program.hpp"

namespace lblab::daemons::nginx {

/// A web server that answers every request with its own address, without a newline: at most 15 bytes, so that
/// whoever asks learns which pod answered.
Program web(const Address& own, std::uint16_t port);

}  // namespace lblab::daemons::nginx
