#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace lblab::expect {

/// What stands after a long history, in few events: of each thing that they tell of, the last one. It takes
/// the place of all that happened before a moment, so that a lab's hundredth scenario is judged as fast as
/// its first. A thing is what an event's naming members say: a route of a host, a session of two, a link; of
/// a process each state that it was in.
class Standing {
 public:
  Standing();
  ~Standing();
  Standing(Standing&&) noexcept;
  Standing& operator=(Standing&&) noexcept;

  void take(nlohmann::json event);
  /// In the order in which they were taken.
  std::vector<nlohmann::json> events() const;

 private:
  std::size_t taken_ = 0;
  std::map<std::size_t, nlohmann::json> kept_;  // by when it was taken
  std::map<std::string, std::size_t> last_of_;  // by thing: where in kept_
};

}  // namespace lblab::expect
