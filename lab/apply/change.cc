#include "lab/apply/kernel.hpp"
#include "lab/plan/compile.hpp"

namespace lblab::apply {

void change(const model::Lab& have, const model::Lab& want, Kernel& kernel) {
  try {
    kernel.apply(plan::compile(have, want));
  } catch (...) {
    kernel.apply(plan::compile(want, have), Absent::is_fine);
    throw;
  }
}

}  // namespace lblab::apply
