#pragma once

#include <optional>
#include <string_view>

#include "lab/probe/clock.hpp"

namespace lblab::probe {

/// How long this kernel's processors have not been idle since the boot, as /proc/timer_list has it
/// (kernel/time/timer_list.c): the time of its reading, less the idle time of each processor. Right while the
/// processor that reads is the only one. In a QEMU with -icount shift=0 a nanosecond is an instruction.
/// Nothing if it is no such file.
std::optional<nanoseconds> busy_time(std::string_view timer_list);

}  // namespace lblab::probe
