#include "lab/scenario/looked.hpp"

#include <utility>

#include "lab/expect/words.hpp"

namespace lblab::scenario {

using nlohmann::json;
using std::chrono::steady_clock;

bool Looked::is_news(const json& now, steady_clock::time_point began) {
  earliest_ = had_.is_null() ? began : last_;
  last_ = began;
  return std::exchange(had_, now) != now;
}

json Looked::news(const std::string& host, json event) const {
  event["host"] = host;
  event["t"] = expect::seconds(steady_clock::now());
  event["earliest"] = expect::seconds(earliest_);
  return event;
}

json without_connections(json services) {
  for (auto& service : services)
    for (auto& destination : service["destinations"]) {
      destination.erase("active");
      destination.erase("inactive");
    }
  return services;
}

}  // namespace lblab::scenario
