#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lab/sys/address.hpp"

/// What the `gobgp` client prints with `-j`, as values. Pure: text in, values or an error out. Written for
/// gobgp 3.10, whose output is recorded under fixtures/gobgp.
namespace lblab::gobgp {

/// One path of a prefix (IPv4 and IPv6 unicast; paths of other families are left out).
struct Path {
  sys::Prefix prefix;
  std::optional<sys::Address> next_hop;   // none: the prefix is gobgpd's own (0.0.0.0 or ::)
  std::optional<sys::Address> neighbour;  // the peer that it came from; none: added locally
  bool best = false;                      // set by `global rib`; `monitor global rib` never sets it
  bool withdrawn = false;                 // `monitor` only: the prefix has no path any more
  bool stale = false;                     // kept by gobgpd's graceful restart
  auto operator<=>(const Path&) const = default;
};
using Paths = std::vector<Path>;

/// A text that is not what gobgp prints, or the error that gobgp reports ({"error": …}).
struct Error {
  std::string text;
  auto operator<=>(const Error&) const = default;
};

/// One line of `gobgp -j monitor global rib --current`, or the whole of `gobgp -j global rib`.
///
/// The monitor's first line is gobgpd's table as it is, all prefixes in one array, perhaps empty. Each later
/// line is a change: with `use-multiple-paths`, the whole new set of equal paths of each prefix that it names
/// (in no particular order), or a withdrawn path where the set is empty. The stream has both families,
/// whatever `-a` says.
std::variant<Paths, Error> parse_rib(std::string_view text);

/// A BGP session's state as gobgp counts it (RFC 4271, 8.2.2).
enum class State { unknown, idle, connect, active, open_sent, open_confirm, established };

struct Neighbour {
  sys::Address address;
  std::uint32_t as = 0;
  State state = State::unknown;
  std::int64_t up_since_s = 0;               // Unix time of the last change to `established`; 0: never
  std::uint64_t received = 0, accepted = 0;  // prefixes, over all families
  auto operator<=>(const Neighbour&) const = default;
};

/// The whole of `gobgp -j neighbor`. (`gobgp -j monitor neighbor` prints nothing at all in 3.10.)
std::variant<std::vector<Neighbour>, Error> parse_neighbours(std::string_view text);

}  // namespace lblab::gobgp
