#pragma once

#include <string>
#include <vector>

#include "lab/sys/netns.hpp"

/// Receive packet steering (Documentation/networking/scaling.rst in the kernel's sources).
namespace lblab::apply {

/// By queue of the link, from 0 on, the processors that go on with what arrives by it; of none, the one that
/// sent it. Numbers beyond this machine's processors start again at 0. Throws SystemError: no such link or
/// queue, or a kernel without it.
void steer(const sys::Netns&, const std::string& link, const std::vector<std::vector<int>>& queues);

/// Processors as rps_cpus takes them: hexadecimal, 32 to a word, the highest first ("fefe", "1,00000000").
std::string cpu_mask(const std::vector<int>& cpus);

}  // namespace lblab::apply
