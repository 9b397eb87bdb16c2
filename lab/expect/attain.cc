#include "lab/expect/attain.hpp"

#include <algorithm>

namespace lblab::expect {

namespace {

const Life<Set> never_told;

template <class Key>
const Life<Set>* find(const std::map<Key, Life<Set>>& all, const Key& key) {
  const auto found = all.find(key);
  return found == all.end() ? &never_told : &found->second;
}

struct WantedOf {
  const Facts& facts;
  const Names& names;
  Wanted operator()(const model::RouteExpectation& e) const {
    return {find(facts.routes, Of{e.host, e.route.str()}), names.next_hops(e.via)};
  }
  Wanted operator()(const model::SessionExpectation& e) const {
    return {find(facts.peers, e.host), names.balancers(e.with)};
  }
  Wanted operator()(const model::IpvsExpectation& e) const {
    return {find(facts.real_servers, e.host), {e.real_servers.begin(), e.real_servers.end()}};
  }
  template <class Other>
  Wanted operator()(const Other&) const {
    return {};
  }
};

}  // namespace

Wanted wanted(const model::Expectation& expectation, const Facts& facts, const Names& names) {
  return std::visit(WantedOf{facts, names}, expectation.what);
}

Difference difference(const Set& addresses, const Set& hosts, const Names& names) {
  Difference result;
  Set expected;
  for (const auto& host : hosts) {
    Set own = names.addresses(host);
    own.insert(host);  // whoever expects an address by itself
    if (std::ranges::none_of(own, [&](const auto& address) { return addresses.contains(address); }))
      result.missing.push_back(host);
    expected.merge(own);
  }
  std::ranges::set_difference(addresses, expected, std::back_inserter(result.extra));
  return result;
}

std::vector<Phase> phases(const Wanted& wanted, const Names& names) {
  std::vector<Phase> all;
  for (auto& span : spans(*wanted.life)) {
    const bool matches = difference(span.value, wanted.hosts, names).none();
    all.push_back({std::move(span), matches});
  }
  return all;
}

std::optional<Attained> attained(const std::vector<Phase>& phases, double since) {
  for (const auto& [span, matches] : phases) {
    if (!matches) continue;
    if (span.begin <= since && since <= span.end_earliest) return Attained{since, since, true};
    if (span.begin > since) return Attained{std::max(span.begin_earliest, since), span.begin, false};
  }
  return std::nullopt;
}

}  // namespace lblab::expect
