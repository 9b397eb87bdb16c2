#include "lab/apply/sysctl.hpp"

#include <fcntl.h>

#include <sstream>

#include "lab/sys/error.hpp"

namespace lblab::apply {

namespace {

std::string path_of(const SysctlKey& key) {
  if (!key.name.starts_with("net.") || key.name.find("//") != std::string::npos)
    throw sys::SystemError{"set " + key.name + ", which is not a network namespace's own", EPERM};
  std::string path = "/proc/sys/";
  for (const char c : key.name) path += c == '.' ? '/' : c == '/' ? '.' : c;
  return path;
}

sys::Fd open_in(const sys::Netns& netns, const std::string& path, int flags) {
  return netns.within([&] { return sys::Fd{::open(path.c_str(), flags | O_CLOEXEC)}; });
}

}  // namespace

SysctlKey::SysctlKey(const std::string& text)
    : name(text.starts_with('-') ? text.substr(1) : text), may_be_missing(text.starts_with('-')) {}

std::string SysctlKey::ipv4_device() const {
  const std::string folder = "net.ipv4.conf.";
  const auto end = name.rfind('.');
  if (!name.starts_with(folder) || end == std::string::npos || end < folder.size()) return "";
  std::string device = name.substr(folder.size(), end - folder.size());
  for (char& c : device)
    if (c == '/') c = '.';
  return device == "all" || device == "default" ? "" : device;
}

bool SysctlKey::spreads() const {
  return name == "net.ipv4.ip_forward" || name == "net.ipv4.conf.all.forwarding" ||
         name.starts_with("net.ipv6.conf.all.");
}

std::optional<std::string> read_sysctl(const sys::Netns& netns, const SysctlKey& key) {
  const auto path = path_of(key);
  const sys::Fd file = open_in(netns, path, O_RDONLY);
  if (!file && errno == ENOENT) return std::nullopt;
  sys::check("open " + path, file.get());
  char text[4096];
  const auto n = sys::check("read " + path, static_cast<int>(::read(file.get(), text, sizeof text)));
  return std::string(text, static_cast<std::size_t>(n));
}

void write_sysctl(const sys::Netns& netns, const SysctlKey& key, const std::string& value) {
  const auto path = path_of(key);
  const sys::Fd file = open_in(netns, path, O_WRONLY);
  if (!file && errno == ENOENT && key.may_be_missing) return;
  sys::check("open " + path, file.get());
  sys::check("write " + path, static_cast<int>(::write(file.get(), value.data(), value.size())));
}

bool same_value(const std::string& a, const std::string& b) {
  std::istringstream left{a}, right{b};
  for (std::string x, y;;) {
    const bool more_left = static_cast<bool>(left >> x), more_right = static_cast<bool>(right >> y);
    if (more_left != more_right || (more_left && x != y)) return false;
    if (!more_left) return true;
  }
}

}  // namespace lblab::apply
