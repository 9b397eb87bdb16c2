#include "lab/expect/connections.hpp"

#include "lab/expect/words.hpp"

namespace lblab::expect {

namespace {

/// When another server answered than the one that answered first.
std::optional<double> changed_server(const probe::Flow& flow) {
  const std::string* first = nullptr;
  for (const auto& exchange : flow.exchanges) {
    if (exchange.server.empty()) continue;
    if (first && *first != exchange.server) return seconds(exchange.answered.value_or(exchange.at));
    if (!first) first = &exchange.server;
  }
  return std::nullopt;
}

double silent_since(const probe::Flow& flow) {
  double since = seconds(flow.ended);
  for (auto exchange = flow.exchanges.rbegin(); exchange != flow.exchanges.rend() && !exchange->answered;
       ++exchange)
    since = seconds(exchange->at);
  return flow.exchanges.empty() ? seconds(flow.began) : since;
}

}  // namespace

Fared fared(const probe::Flow& flow) {
  using End = probe::Flow::End;
  if (const auto at = changed_server(flow)) return {Fate::other_server, *at};
  switch (flow.end) {
    case End::refused:
      return {Fate::refused, seconds(flow.ended)};
    case End::reset:
      return {Fate::reset, seconds(flow.ended)};
    case End::closed:
      return {Fate::closed, seconds(flow.ended)};
    case End::silent:
      return {Fate::blackholed, silent_since(flow)};
    case End::survived:
      break;
  }
  return {Fate::survived, seconds(flow.ended)};
}

std::string text(Fate fate) {
  static constexpr const char* names[] = {
      "survived", "reset", "closed", "blackholed", "answered by another server", "refused"};
  return names[static_cast<int>(fate)];
}

std::optional<Ledger> ledger(const std::vector<probe::Flow>& flows) {
  if (flows.empty()) return std::nullopt;
  Ledger all;
  int* const counts[] = {&all.survived,   &all.reset,        &all.closed,
                         &all.blackholed, &all.other_server, &all.refused};
  for (const auto& flow : flows) ++*counts[static_cast<int>(fared(flow).fate)];
  return all;
}

}  // namespace lblab::expect
