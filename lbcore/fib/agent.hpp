#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <nlohmann/json_fwd.hpp>

#include "lab/sys/address.hpp"
#include "lbcore/fib/reconcile.hpp"

namespace lbcore::fib {

struct Settings {
  lblab::sys::Address address;  // of gobgpd's API
  std::uint16_t port = 50051;
  /// How long a next hop is kept after gobgpd, which announced it, has gone.
  std::chrono::milliseconds stale{60'000};
  /// When every session of a gobgpd that came back has been up for this long, and its table has been quiet
  /// for as long, the table counts as complete and what is still stale goes: gobgp shows no End-of-RIB.
  std::chrono::milliseconds settle{3'000};
  /// Of groups of another kind, left by another fibd, the routes move to new ones without a gap.
  GroupKind groups;
  /// At the end, leave the routes as they are.
  bool keep = false;
};

/// Keeps the kernel's BGP routes in step with gobgpd's table until SIGTERM or SIGINT, which means that this
/// router is no longer to route by BGP: the routes are removed, unless `keep`. After any other end the next
/// one adopts what is in the kernel and changes nothing that need not change.
///
/// Tells of what it does in events, one JSON object each:
///   {"event":"ready"}                                                      the first table is in the kernel
///   {"event":"route","prefix":P,"next-hops":[…]}                           P's route in the kernel is now
///   this
///   {"event":"next-hop","address":A,"state":"unreachable"|"reachable",…}   unreachable: it is in no route,
///   and tried
///                                                                          again when links or routes change
///   {"event":"gobgpd","state":"up"|"down",…}
///   {"event":"stale","prefixes":N} · {"event":"complete"}                  kept without gobgpd · the table
///   is whole
///   {"event":"refused","change":…,"reason":…} · {"event":"malformed","text":…}
void run(boost::asio::io_context&, const Settings&, std::function<void(const nlohmann::json&)> tell);

}  // namespace lbcore::fib
