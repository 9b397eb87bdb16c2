#pragma once

#include <span>
#include <string>

#include "lab/plan/op.hpp"
#include "lab/sys/error.hpp"

namespace lblab::apply {

/// An op that failed. what() names it: "op 17 (router: route …): Network is unreachable". Later ops of the
/// same span may or may not have been carried out. `reason`, where there is one, is what the kernel or a
/// library said about it.
class ApplyError : public sys::SystemError {
 public:
  ApplyError(std::size_t index, const plan::Op& op, int error, std::string_view reason = "")
      : SystemError("op " + std::to_string(index + 1) + " (" + plan::describe(op) + ")" +
                        (reason.empty() ? "" : ": " + std::string(reason)),
                    error),
        index_(index) {}
  std::size_t index() const { return index_; }

 private:
  std::size_t index_;
};

/// Whether ops that remove may find nothing to remove, and ops that add may find what they add (it is then
/// left as it is).
enum class Absent { is_an_error, is_fine };

/// The seam to the machine. A span, not single ops, so that batching is the implementation's business.
class Kernel {
 public:
  virtual ~Kernel() = default;
  virtual void apply(std::span<const plan::Op> ops, Absent absent = Absent::is_an_error) = 0;
};

/// Turns `have` into `want`. On throw the machine is back at `have`: what was done is taken back by
/// compile(want, have), in which what is absent is fine.
void change(const model::Lab& have, const model::Lab& want, Kernel&);

}  // namespace lblab::apply
