#pragma once

#include <boost/asio/awaitable.hpp>

#include "lab/guest/descriptor.hpp"
#include "lab/guest/mux.hpp"

namespace lblab::guest {

/// Carries what comes until the descriptor's end, and ends the stream. When the stream is reset, the
/// descriptor is read no more. Throws nothing but when cancelled.
asio::awaitable<void> carry(Descriptor& from, Stream& to);
/// Carries what comes; true once the stream has ended, false if it was reset, or was reset here because the
/// descriptor takes no more. The descriptor is the caller's to close. Throws nothing but when cancelled.
asio::awaitable<bool> carry(Stream& from, Descriptor& to);

/// Both directions between a connected socket and a stream, until both have ended or one has failed.
asio::awaitable<void> relay(sys::Fd socket, Stream stream);

}  // namespace lblab::guest
