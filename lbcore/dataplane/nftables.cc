#include "lbcore/dataplane/nftables.hpp"

#include <fmt/format.h>

#include "lbcore/dataplane/nftables_rules.hpp"
#include "lbcore/ipvs/nft.hpp"

namespace lbcore::dataplane {

namespace nft = ipvs::nft;

Rules Nftables::read() { return nftables::parse(nft::list_json(nftables::table)); }

void Nftables::write(std::span<const Range> ranges, const Rules& rules) {
  if (nft::list(nftables::table) == nftables::ruleset(ranges, rules.table)) return;
  // The first line makes sure that there is one to delete.
  nft::run("set the nftables table lbd", fmt::format("table {0}\ndelete table {0}\n{1}", nftables::table,
                                                     nftables::ruleset(ranges, rules.table, rules.counts)));
}

}  // namespace lbcore::dataplane
