#pragma once

#include <string>
#include <string_view>

namespace lblab::guest {

/// The uncompressed kernel (ELF) within a bzImage, found by the boot header of
/// Documentation/arch/x86/boot.rst (protocol 2.08: the fields payload_offset and payload_length). QEMU boots
/// it at its PVH entry, in half the time that a bzImage takes. Throws std::runtime_error for an image that is
/// none or is not compressed with xz, as Debian's are.
std::string extract_vmlinux(std::string_view bzimage);

}  // namespace lblab::guest
