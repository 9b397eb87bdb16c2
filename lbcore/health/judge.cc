#include "lbcore/health/judge.hpp"

namespace lbcore::health {

bool Judge::observe(bool passed) {
  against_ = passed == up_ ? 0 : against_ + 1;
  if (against_ < (up_ ? fall_ : rise_) || against_ == 0) return false;
  against_ = 0;
  up_ = !up_;
  return true;
}

}  // namespace lbcore::health
