#include "lab/plan/needs.hpp"

namespace lblab::plan {

namespace {

struct Needs {
  std::set<std::string>& found;

  void operator()(const AddHost&) const { found.insert("netns"); }
  void operator()(const AddLink& op) const { std::visit(*this, op.link.kind); }
  void operator()(const Veth&) const { found.insert("veth"); }
  void operator()(const Bridge&) const { found.insert("bridge"); }
  void operator()(const Vxlan&) const { found.insert("vxlan"); }
  void operator()(const Ipip&) const { found.insert("ipip"); }
  void operator()(const Tun&) const { found.insert("tun"); }
  void operator()(const Impair& op) const {
    if (op.impairment != Impairment{}) found.insert("netem");
  }
  void operator()(const Steer&) const { found.insert("rps"); }
  void operator()(const SetRoute& op) const {
    if (op.route.next_hops.size() > 1) found.insert("multipath");
  }
  void operator()(const SetNftables& op) const {
    if (!op.ruleset.empty()) found.insert("nftables");
  }
  void operator()(const Spawn& op) const {
    found.insert(op.process.needs.begin(), op.process.needs.end());
    if (!op.process.argv.empty()) found.insert("program:" + op.process.argv[0]);
  }
  template <class Other>
  void operator()(const Other&) const {}
};

}  // namespace

std::set<std::string> needs(const Plan& plan) {
  std::set<std::string> found;
  for (const auto& op : plan) std::visit(Needs{found}, op);
  return found;
}

}  // namespace lblab::plan
