#include "lab/apply/hosts_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "lab/sys/error.hpp"
#include "lab/sys/fd.hpp"

namespace lblab::apply {

void write_hosts_file(const std::string& path, const std::map<std::string, sys::Address>& hosts) {
  std::string text = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n";
  for (const auto& [name, address] : hosts) text += address.str() + " " + name + "\n";
  const sys::Fd file = sys::open(path, O_WRONLY | O_CREAT, 0644);
  sys::check("write " + path, static_cast<int>(::pwrite(file.get(), text.data(), text.size(), 0)));
  sys::check("shorten " + path, ::ftruncate(file.get(), static_cast<off_t>(text.size())));
}

}  // namespace lblab::apply
