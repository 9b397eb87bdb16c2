#include "lbcore/dataplane/iptables.hpp"

#include "lbcore/dataplane/iptables_rules.hpp"
#include "lbcore/dataplane/program.hpp"

namespace lbcore::dataplane {

namespace {

iptables::Saved saved() { return iptables::parse(output_of({"iptables-save", "-c", "-t", "nat"})); }

}  // namespace

Rules Iptables::read() { return iptables::rules(saved()); }

void Iptables::write(std::span<const Range> ranges, const Rules& rules) {
  const auto text = iptables::restore(iptables::chains(ranges, rules.table), saved());
  // --wait: the older iptables has a lock that others may hold.
  if (!text.empty()) output_of({"iptables-restore", "--noflush", "--counters", "--wait", "5"}, text);
}

}  // namespace lbcore::dataplane
