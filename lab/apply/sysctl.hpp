#pragma once

#include <optional>
#include <string>

#include "lab/sys/netns.hpp"

/// Settings below /proc/sys/net of one network namespace (Documentation/networking/ip-sysctl.rst), by
/// sysctl(8)'s names: dots for slashes, and slashes for the dots of a device's name. Only names that begin
/// with "net." are a namespace's own; others are refused.
namespace lblab::apply {

struct SysctlKey {
  std::string name;     // without the mark
  bool may_be_missing;  // it had a leading "-"
  explicit SysctlKey(const std::string& text);

  /// The device of "net.ipv4.conf.DEVICE.SETTING"; empty for other keys and for `all` and `default`.
  std::string ipv4_device() const;
  /// What follows the last dot.
  std::string setting() const { return name.substr(name.rfind('.') + 1); }
  /// A write also changes other keys, `default` among them (forwarding, IPv6's `all`).
  bool spreads() const;
};

/// nullopt: there is no such file.
std::optional<std::string> read_sysctl(const sys::Netns&, const SysctlKey&);
/// A missing file is an error (ENOENT) unless the key may be missing.
void write_sysctl(const sys::Netns&, const SysctlKey&, const std::string& value);
/// The same value, whatever blanks stand between its numbers.
bool same_value(const std::string& a, const std::string& b);

}  // namespace lblab::apply
