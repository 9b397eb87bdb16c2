#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

#include "lab/model/check.hpp"
#include "lab/model/value.hpp"
#include "lab/sys/address.hpp"

namespace lblab::model {
namespace {

using sys::Address;
using sys::Prefix;

Address broadcast(const Prefix& subnet) {
  const int host_bits = subnet.address.bits() - subnet.length;
  return subnet.network().address + ((std::uint64_t{1} << host_bits) - 1);
}

/// Why no host of this subnet can have the address; IPv6 has no broadcast, and its first address is the
/// routers' (RFC 4291, 2.6.1).
std::optional<std::string> taken_by_subnet(const Prefix& subnet, const Address& address) {
  if (subnet.address.bits() - subnet.length < 2) return std::nullopt;  // RFC 3021: both of a /31 are hosts
  if (address == subnet.network().address)
    return fmt::format("{} is the address of {} itself", address.str(), subnet.network().str());
  if (address.bits() == 32 && address == broadcast(subnet))
    return fmt::format("{} is the broadcast address of {}", address.str(), subnet.network().str());
  return std::nullopt;
}

std::string hosts_of(const Prefix& subnet) {
  const auto first = subnet.network().address + 1;
  if (first.bits() == 128) return fmt::format("choose one from {} on", first.str());
  return fmt::format("choose one from {} to {}", first.str(),
                     Address::v4(broadcast(subnet).v4_number() - 1).str());
}

/// RFC 6890: what no host on a link can have.
bool is_special(const Prefix& prefix) {
  for (const char* text : {"0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3", "::/127", "fe80::/10", "ff00::/8"})
    if (prefix.overlaps(*Prefix::parse(text))) return true;
  return false;
}

class Addresses {
 public:
  Addresses(const View& topology, Diagnostics& out) : out_(out) {
    for (const View& network : topology["networks"].each()) check_network(network);
    if (topology["overlay"].given()) add_subnet("the overlay", topology["overlay"]["subnet"]);
    for (const View& service : topology["services"].each())
      add_subnet(fmt::format("service '{}'", service.name()), service["addresses"]);
    for (const View& link : topology["links"].each()) check_link(link);
    check_overlaps();
    for (const View& node : topology["nodes"].each()) check_interfaces(node, topology["networks"]);
  }

 private:
  struct Subnet {
    Prefix prefix;
    std::string owner;
    Mark mark;
  };
  struct Owner {
    std::string name;
    Mark mark;
  };

  void report(Mark mark, std::string wrong, std::string right) {
    out_.push_back({mark, std::move(wrong), std::move(right)});
  }

  bool add_subnet(std::string owner, const View& view) {
    if (!view.ok()) return false;
    const auto prefix = view.as<Prefix>();
    if (is_special(prefix)) {
      report(view.mark(), fmt::format("{} has addresses that no host can have", prefix.str()),
             "choose a private one, as 10.0.0.0/16");
      return false;
    }
    subnets_.push_back({prefix, std::move(owner), view.mark()});
    return true;
  }

  void check_network(const View& network) {
    const View subnet = network["subnet"];
    if (!add_subnet(fmt::format("network '{}'", network.name()), subnet)) return;
    const auto prefix = subnet.as<Prefix>();
    if (const int most = prefix.address.bits() - 2; prefix.length > most)
      report(subnet.mark(), fmt::format("{} has no room for hosts", prefix.str()),
             fmt::format("write a /{} or shorter", most));
  }

  void check_interfaces(const View& node, const View& networks) {
    for (const View& interface : node["interfaces"].each()) {
      const View on = interface["address"];
      if (!on.ok()) continue;
      const auto address = on.as<Address>();
      claim(address, fmt::format("node '{}' on {}", node.name(), interface.name()), on.mark());
      const View subnet = networks.at(interface.name())["subnet"];
      if (!subnet.ok()) continue;
      const auto prefix = subnet.as<Prefix>();
      if (!prefix.contains(address))
        report(on.mark(), fmt::format("{} is outside {} ({})", address.str(), interface.name(), prefix.str()),
               hosts_of(prefix));
      else if (const auto why = taken_by_subnet(prefix, address))
        report(on.mark(), *why, hosts_of(prefix));
    }
  }

  void check_link(const View& link) {
    std::vector<View> good;
    for (const View& view : link["addresses"].each()) {
      if (!view.ok()) continue;
      const auto address = view.as<Prefix>();
      if (is_special({address.address, address.address.bits()}))
        report(view.mark(), fmt::format("{} is an address that no host can have", address.address.str()),
               "choose another, as 10.0.0.1/30");
      else if (const auto why = taken_by_subnet(address, address.address))
        report(view.mark(), *why, hosts_of(address));
      else
        good.push_back(view);
      claim(address.address, "another link's end", view.mark());
    }
    if (good.size() != 2) return;
    const auto near = good[0].as<Prefix>(), far = good[1].as<Prefix>();
    if (near.network() != far.network() && !is_single(near) && !is_single(far))
      report(good[1].mark(), fmt::format("{} and {} are not in one subnet", near.str(), far.str()),
             "give both ends of a link addresses of one subnet");
    subnets_.push_back({near.network(), "a link", good[0].mark()});
  }

  static bool is_single(const Prefix& prefix) { return prefix.length == prefix.address.bits(); }

  void claim(const Address& address, std::string name, Mark mark) {
    const auto [found, is_new] = owners_.emplace(address, Owner{std::move(name), mark});
    if (!is_new)
      report(mark, fmt::format("{} is given twice", address.str()),
             fmt::format("{} has it (line {}); choose another", found->second.name, found->second.mark.line));
  }

  /// In order of network and length, whatever overlaps a subnet is inside the widest that came before it and
  /// reaches this far.
  void check_overlaps() {
    std::ranges::stable_sort(subnets_, {}, &Subnet::prefix);
    const Subnet* widest = nullptr;
    for (const Subnet& subnet : subnets_) {
      if (!widest || !widest->prefix.contains(subnet.prefix)) {
        widest = &subnet;
      } else if (widest->owner != "a link" || subnet.owner != "a link") {
        const bool in_order = widest->mark < subnet.mark;
        const Subnet& late = in_order ? subnet : *widest;
        const Subnet& early = in_order ? *widest : subnet;
        report(late.mark,
               fmt::format("{} of {} overlaps {} of {}", late.prefix.str(), late.owner, early.prefix.str(),
                           early.owner),
               fmt::format("line {} has that one; keep them apart", early.mark.line));
      }
    }
  }

  Diagnostics& out_;
  std::vector<Subnet> subnets_;
  std::map<Address, Owner> owners_;
};

}  // namespace

void check_addresses(const View& topology, Diagnostics& out) { Addresses(topology, out); }

}  // namespace lblab::model
