#pragma once

#include <ostream>

#include "lab/apply/kernel.hpp"

namespace lblab::apply {

/// Prints each op, numbered, one a line: what `lblab plan` shows.
class DryRun : public Kernel {
 public:
  explicit DryRun(std::ostream& out) : out_(out) {}
  void apply(std::span<const plan::Op> ops, Absent = Absent::is_an_error) override;

 private:
  std::ostream& out_;
  std::size_t count_ = 0;
};

}  // namespace lblab::apply
