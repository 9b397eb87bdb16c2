#include "lab/expect/names.hpp"

#include "lab/expect/words.hpp"

namespace lblab::expect {

namespace {

template <class Value>
const Value& find(const std::map<std::string, Value>& all, const std::string& name) {
  static const Value none;
  const auto found = all.find(name);
  return found == all.end() ? none : found->second;
}

}  // namespace

Names::Names(const std::vector<const Census*>& censuses) : now_(censuses.front()) {
  std::set<std::string> balancers;
  const Census* last = nullptr;
  for (const auto* census : censuses) {
    if (last && *last == *census) continue;
    last = census;
    for (const auto& [host, addresses] : census->addresses) {
      for (const auto& address : addresses) owner_.emplace(address.str(), host);
      if (const auto [own, is_new] = addresses_.try_emplace(host); is_new)
        for (const auto& address : addresses) own->second.insert(address.str());
    }
    node_of_.insert(census->node_of.begin(), census->node_of.end());
    real_servers_.insert(census->pods.begin(), census->pods.end());
    for (const auto& [service, pods] : census->balancers) balancers.insert(pods.begin(), pods.end());
  }
  for (const auto& [pod, node] : node_of_) pods_[node].insert(pod);
  for (const auto& pod : balancers) balancers_[node_of(pod)].insert(pod);
}

std::string Names::host_of(const std::string& address) const { return find(owner_, address); }

std::string Names::label(const std::string& address) const {
  const std::string host = host_of(address);
  return host.empty() ? address : host + " (" + address + ")";
}

const std::set<std::string>& Names::addresses(const std::string& host) const {
  return find(addresses_, host);
}

std::string Names::labels(const std::set<std::string>& addresses) const {
  std::vector<std::string> all;
  for (const auto& address : addresses) all.push_back(label(address));
  return join(all);
}

bool Names::owns(const std::string& host, const std::string& address) const {
  return addresses(host).contains(address);
}

std::string Names::node_of(const std::string& host) const {
  const auto found = node_of_.find(host);
  return found == node_of_.end() ? host : found->second;
}

bool Names::is_pod(const std::string& host) const { return node_of_.contains(host); }

std::set<std::string> Names::balancers(const std::vector<std::string>& names) const {
  std::set<std::string> all;
  for (const auto& name : names) {
    const auto service = now_->balancers.find(name);
    if (service == now_->balancers.end())
      all.insert(name);
    else
      all.insert(service->second.begin(), service->second.end());
  }
  return all;
}

std::set<std::string> Names::next_hops(const std::vector<std::string>& names) const {
  std::set<std::string> all;
  for (const auto& name : names) {
    const auto service = now_->balancers.find(name);
    if (service == now_->balancers.end())
      all.insert(name);
    else
      for (const auto& pod : service->second) all.insert(node_of(pod));
  }
  return all;
}

const std::set<std::string>& Names::balancers_on(const std::string& node) const {
  return find(balancers_, node);
}

const std::set<std::string>& Names::pods_on(const std::string& node) const { return find(pods_, node); }

std::vector<std::string> Names::real_servers(const std::string& service) const {
  return find(real_servers_, service);
}

std::string without_port(const std::string& text) {
  if (text.starts_with('[')) return text.substr(1, text.find(']') - 1);
  const auto colon = text.find(':');
  return colon != text.npos && text.find(':', colon + 1) == text.npos ? text.substr(0, colon) : text;
}

}  // namespace lblab::expect
