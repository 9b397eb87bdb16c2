#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "lab/model/lab.hpp"

namespace lblab::plan {

/// What of `have` lives on in `want`. Links have ties: both ends of a veth go together, a vxlan goes with its
/// underlay.
class Fate {
 public:
  using LinkName = std::pair<std::string, std::string>;  // host, link

  Fate(const model::Lab& have, const model::Lab& want);

  /// In both, and of the same make (a host that is to be shown to `ip netns`, or no longer, is made anew).
  bool stays(const std::string& host) const { return hosts_.contains(host); }
  /// In both, and what differs can be changed while it lives.
  bool stays(const std::string& host, const std::string& link) const { return links_.contains({host, link}); }
  /// Host and link of the near end of a veth of `have` whose far end this is.
  std::optional<LinkName> near_end(const std::string& host, const std::string& link) const;
  /// A host that stays and loses a link: the kernel takes routes with it.
  bool is_disturbed(const std::string& host) const { return disturbed_.contains(host); }

 private:
  bool is_tied_to_a_loss(const model::Lab&, const std::string& host, const model::Link&) const;

  std::set<std::string> hosts_, disturbed_;
  std::set<LinkName> links_;
  std::map<LinkName, LinkName> near_ends_;  // by far end
};

/// The link of this name, or null.
const model::Link* find_link(const model::Host&, const std::string& name);
const model::Link* find_link(const model::Lab&, const std::string& host, const std::string& name);

}  // namespace lblab::plan
