#include "lab/expect/names.hpp"

#include <algorithm>

namespace lblab::expect {

Names::Names(std::vector<const Census*> censuses) : censuses_(std::move(censuses)) {
  for (const auto* census : censuses_)
    for (const auto& [host, addresses] : census->addresses)
      for (const auto& address : addresses) owner_.emplace(address.str(), host);
}

std::string Names::host_of(const std::string& address) const {
  const auto found = owner_.find(address);
  return found == owner_.end() ? "" : found->second;
}

std::string Names::label(const std::string& address) const {
  const std::string host = host_of(address);
  return host.empty() ? address : host + " (" + address + ")";
}

std::set<std::string> Names::addresses(const std::string& host) const {
  std::set<std::string> all;
  for (const auto* census : censuses_) {
    const auto found = census->addresses.find(host);
    if (found == census->addresses.end()) continue;
    for (const auto& address : found->second) all.insert(address.str());
    break;
  }
  return all;
}

bool Names::owns(const std::string& host, const std::string& address) const {
  return addresses(host).contains(address);
}

std::string Names::node_of(const std::string& host) const {
  for (const auto* census : censuses_)
    if (const auto found = census->node_of.find(host); found != census->node_of.end()) return found->second;
  return host;
}

bool Names::is_pod(const std::string& host) const { return node_of(host) != host; }

std::set<std::string> Names::balancers(const std::vector<std::string>& names) const {
  std::set<std::string> all;
  for (const auto& name : names) {
    const auto service = censuses_.front()->balancers.find(name);
    if (service == censuses_.front()->balancers.end())
      all.insert(name);
    else
      all.insert(service->second.begin(), service->second.end());
  }
  return all;
}

std::set<std::string> Names::next_hops(const std::vector<std::string>& names) const {
  std::set<std::string> all;
  for (const auto& name : names) {
    const auto service = censuses_.front()->balancers.find(name);
    if (service == censuses_.front()->balancers.end())
      all.insert(name);
    else
      for (const auto& pod : service->second) all.insert(node_of(pod));
  }
  return all;
}

std::vector<std::string> Names::balancers_on(const std::string& node) const {
  std::set<std::string> all;
  for (const auto* census : censuses_)
    for (const auto& [service, pods] : census->balancers)
      for (const auto& pod : pods)
        if (node_of(pod) == node) all.insert(pod);
  return {all.begin(), all.end()};
}

std::vector<std::string> Names::pods_on(const std::string& node) const {
  std::set<std::string> all;
  for (const auto* census : censuses_)
    for (const auto& [pod, on] : census->node_of)
      if (on == node && node_of(pod) == node) all.insert(pod);
  return {all.begin(), all.end()};
}

std::vector<std::string> Names::real_servers(const std::string& service) const {
  for (const auto* census : censuses_)
    if (const auto found = census->pods.find(service); found != census->pods.end()) return found->second;
  return {};
}

std::string without_port(const std::string& text) {
  if (text.starts_with('[')) return text.substr(1, text.find(']') - 1);
  const auto colon = text.find(':');
  return colon != text.npos && text.find(':', colon + 1) == text.npos ? text.substr(0, colon) : text;
}

}  // namespace lblab::expect
