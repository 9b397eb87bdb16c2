#include "lab/apply/dry_run.hpp"

namespace lblab::apply {

void DryRun::apply(std::span<const plan::Op> ops, Absent) {
  for (const auto& op : ops) out_ << ++count_ << "  " << plan::describe(op) << '\n';
}

}  // namespace lblab::apply
