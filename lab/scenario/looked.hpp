#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

namespace lblab::scenario {

/// Something that is looked at again and again, since nobody tells when it changes.
class Looked {
 public:
  /// Was another thing seen than the last time? began: before it was looked at.
  bool is_news(const nlohmann::json& now, std::chrono::steady_clock::time_point began);

  /// The event of what was seen, with "host", "t": now, and "earliest": when it was last seen otherwise.
  nlohmann::json news(const std::string& host, nlohmann::json event) const;

 private:
  nlohmann::json had_;
  std::chrono::steady_clock::time_point last_, earliest_;
};

/// What is compared of a load balancer's services: not the connections, which come and go.
nlohmann::json without_connections(nlohmann::json services);

}  // namespace lblab::scenario
