#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/model/diagnostic.hpp"
#include "lab/model/inventory.hpp"
#include "lab/model/view.hpp"

namespace lblab::model {

/// What may stand where a scenario names a host.
enum class Sort { node, pod, web_pod, load_balancer, host };

/// Whom a scenario can speak of: the topology's nodes and services, and as many pods as it may come to have.
/// Each check reports what is wrong and says whether all is well; of what is malformed it says that it is
/// not, and no more.
class ScenarioScope {
 public:
  ScenarioScope(const Inventory& lab, const View& scenario, Diagnostics& out);

  bool check_host(const View& name, Sort sort);
  bool check_service(const View& name);
  bool check_load_balancers(const View& service);
  /// Hosts, each once; or one service, which stands for some.
  void check_hosts_or_service(const View& list);
  void check_hosts(const View& list, Sort sort);

  const Inventory& lab() const { return lab_; }
  /// At most, at any time of the scenario.
  Replicas replicas(std::string_view service) const;
  /// Where it has a probe: "udp", "http", "flows".
  View traffic(std::string_view probe) const { return traffic_[probe]; }

  void report(Mark mark, std::string wrong, std::string right);

 private:
  void count_pods(const View& steps, int depth);
  std::string suggestion(const std::string& name) const;

  const Inventory& lab_;
  View traffic_;
  Diagnostics& out_;
  std::map<std::string, Replicas, std::less<>> scaled_;
};

/// "a, b, c": a list that a message can hold.
std::string listed(const std::vector<std::string>& names);
/// "did you mean 'b'?", or what to say otherwise.
std::string suggest(std::string_view word, const std::vector<std::string>& names, std::string otherwise);

/// The steps of a repeat or a choice; nothing for any other action.
std::optional<View> steps_within(const View& action);

}  // namespace lblab::model
