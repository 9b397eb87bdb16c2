#pragma once

namespace lbcore::health {

/// Up or down, from the results of checks. Pure.
class Judge {
 public:
  Judge(int rise, int fall, bool up) : rise_(rise), fall_(fall), up_(up) {}

  bool up() const { return up_; }

  /// One result; true if it changed the state: `rise` passes in a row when down, `fall` failures in a row
  /// when up.
  bool observe(bool passed);

  /// New thresholds; state and results so far are kept.
  void set_thresholds(int rise, int fall) { rise_ = rise, fall_ = fall; }

 private:
  int rise_, fall_;
  bool up_;
  int against_ = 0;  // results in a row that speak against the state
};

}  // namespace lbcore::health
