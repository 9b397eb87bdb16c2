#include <fcntl.h>
#include <signal.h>

#include <list>

#include "lab/apply/linux_kernel.hpp"

namespace lblab::apply {

struct HeldProcesses::Impl {
  struct Held {
    std::string host, name;
    sys::Fd out, err;  // outlive the process: closed early, its next write would end it
    sys::Process process;
  };
  std::list<Held> held;
};

HeldProcesses::HeldProcesses() : impl_(std::make_unique<Impl>()) {}
HeldProcesses::~HeldProcesses() = default;

void HeldProcesses::started(const std::string& host, const model::Process& spec, sys::Process process,
                            sys::Fd out, sys::Fd err) {
  impl_->held.push_back({host, spec.name, std::move(out), std::move(err), std::move(process)});
}

void HeldProcesses::signal(const std::string& host, const model::Process& spec, int number) {
  for (const auto& held : impl_->held)
    if (held.host == host && held.name == spec.name) held.process.signal(number);
}

void HeldProcesses::removed(const std::string& host) {
  impl_->held.remove_if([&](const auto& held) { return held.host == host; });
}

}  // namespace lblab::apply
