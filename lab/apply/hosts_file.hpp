#pragma once

#include <map>
#include <string>

#include "lab/sys/address.hpp"

namespace lblab::apply {

/// The lab's /etc/hosts: one file for all hosts. It is shown inside them by bind mounts, so it is rewritten
/// in place: a file put in its place would not be seen.
void write_hosts_file(const std::string& path, const std::map<std::string, sys::Address>& hosts);

}  // namespace lblab::apply
