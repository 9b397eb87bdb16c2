#include <fmt/format.h>

#include <algorithm>

#include "lab/expect/causes.hpp"
#include "lab/expect/conditions.hpp"
#include "lab/expect/words.hpp"

namespace lblab::expect {

namespace {

class DeadEnds {
 public:
  DeadEnds(const Trial& trial, double from, double to) : trial_(trial), from_(from), to_(to) {}

  Lines find() {
    add_routes();
    add_tables();
    add_neighbours();
    return std::move(lines_);
  }

 private:
  std::vector<Span<Set>> touching(const Life<Set>& life) const {
    auto all = spans(life);
    std::erase_if(all, [this](const Span<Set>& span) { return span.end < from_ || span.begin > to_; });
    return all;
  }

  std::string until(const Span<Set>& span) const {
    return span.end > trial_.all.evidence.ended ? "to the end"
                                                : "until " + offset(span.end - trial_.window.from);
  }

  Lines troubles(const Span<Set>& span, const std::string& host) const {
    return Conditions{trial_, std::min(span.end, to_)}.troubles(host);
  }

  void add_routes() {
    for (const auto& [of, life] : trial_.all.facts.routes) {
      if (!trial_.all.matter.contains(of.second)) continue;
      for (const auto& span : touching(life)) {
        if (span.value.empty() && span.begin >= trial_.all.evidence.began)
          lines_.push_back(fmt::format("{} had no route to {} from {} {}", of.first, of.second,
                                       offset(span.begin - trial_.window.from), until(span)));
        for (const auto& hop : span.value) add_hop(of.first, hop, span);
      }
    }
  }

  /// A next hop at which nobody is at work: a node for its load balancers, any other host for itself.
  void add_hop(const std::string& router, const std::string& hop, const Span<Set>& span) {
    const std::string owner = trial_.names.host_of(hop);
    Set behind = trial_.names.balancers_on(owner);
    if (behind.empty()) behind.insert(owner);
    for (const auto& host : behind) {
      const Lines wrong = troubles(span, host);
      if (wrong.empty()) continue;
      lines_.push_back(fmt::format("{} led to {}{} {}", router, trial_.names.label(hop),
                                   host == owner ? "" : ", the node of " + host + ",", until(span)));
      add(lines_, wrong);
    }
  }

  void add_tables() {
    for (const auto& [host, life] : trial_.all.facts.real_servers)
      for (const auto& span : touching(life))
        for (const auto& address : span.value) {
          const Lines wrong = troubles(span, trial_.names.host_of(address));
          if (wrong.empty()) continue;
          lines_.push_back(
              fmt::format("{} had {} in its table {}", host, trial_.names.label(address), until(span)));
          add(lines_, wrong);
        }
  }

  /// What a host believes of its neighbours, where traffic of services may pass by it: nobody answered, or
  /// who did is no more (a service's addresses on a link are a pod's as long as it lives, and are remembered
  /// for longer).
  void add_neighbours() {
    std::map<Of, const Facts::Neighbour*> last;
    for (const auto& neighbour : trial_.all.facts.neighbours)
      if (neighbour.t <= to_ && matters(neighbour.address))
        last[{neighbour.host, neighbour.address}] = &neighbour;
    for (const auto& [of, neighbour] : last) {
      const std::string who = trial_.names.label(neighbour->address);
      if (neighbour->is_failed)
        lines_.push_back(fmt::format("{} found nobody with {} on its link ({})", of.first, who,
                                     offset(neighbour->t - trial_.window.from)));
      else if (is_stale(neighbour->mac))
        lines_.push_back(fmt::format("{} sent what is for {} to {}, which nobody has any more", of.first, who,
                                     neighbour->mac));
    }
  }

  bool matters(const std::string& text) const {
    const std::string owner = trial_.names.host_of(text);
    if (trial_.names.is_pod(owner)) return true;
    const auto address = sys::Address::parse(text);
    return address && std::ranges::any_of(trial_.all.matter, [&](const auto& destination) {
             const auto prefix = sys::Prefix::parse(destination);
             return prefix && prefix->length > 0 && prefix->contains(*address);
           });
  }

  bool is_stale(const std::string& mac) const {
    const auto& macs = trial_.all.facts.macs;
    return !mac.empty() && !macs.empty() &&
           std::ranges::none_of(macs, [&](const auto& one) { return last_of(one.second, to_).value == mac; });
  }

  const Trial& trial_;
  double from_, to_;
  Lines lines_;
};

}  // namespace

std::vector<std::string> dead_ends(const Trial& trial, double from, double to) {
  return DeadEnds{trial, from, to}.find();
}

}  // namespace lblab::expect
