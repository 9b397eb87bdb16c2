#include "lab/guest/vmlinux.hpp"

#include <lzma.h>

#include <cstdint>
#include <memory>
#include <stdexcept>

namespace lblab::guest {

namespace {

std::uint32_t little_endian(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<std::uint8_t>(bytes.at(at + i));
  return value;
}

std::string decompress_xz(std::string_view compressed) {
  lzma_stream stream = LZMA_STREAM_INIT;
  const std::unique_ptr<lzma_stream, decltype(&lzma_end)> guard(&stream, lzma_end);
  if (lzma_stream_decoder(&stream, UINT64_MAX, 0) != LZMA_OK) throw std::bad_alloc();
  stream.next_in = reinterpret_cast<const std::uint8_t*>(compressed.data());
  stream.avail_in = compressed.size();
  std::string out;
  for (lzma_ret result = LZMA_OK; result != LZMA_STREAM_END;) {
    constexpr std::size_t step_bytes = 16 << 20;
    const auto done = out.size();
    out.resize(done + step_bytes);
    stream.next_out = reinterpret_cast<std::uint8_t*>(out.data() + done);
    stream.avail_out = step_bytes;
    result = lzma_code(&stream, LZMA_RUN);
    out.resize(done + step_bytes - stream.avail_out);
    if (result != LZMA_OK && result != LZMA_STREAM_END)
      throw std::runtime_error("the kernel image cannot be decompressed (xz error " + std::to_string(result) +
                               ")");
  }
  return out;
}

}  // namespace

std::string extract_vmlinux(std::string_view bzimage) {
  if (bzimage.size() < 0x260 || bzimage.substr(0x202, 4) != "HdrS" ||
      little_endian(bzimage, 0x206, 2) < 0x208)
    throw std::runtime_error("the kernel image is no bzImage");
  constexpr std::size_t sector_bytes = 512;
  const auto setup_sectors = little_endian(bzimage, 0x1f1, 1);
  const auto payload = bzimage.substr((setup_sectors + 1) * sector_bytes + little_endian(bzimage, 0x248, 4));
  if (!payload.starts_with(std::string_view("\xfd"
                                            "7zXZ\0",
                                            6)))
    throw std::runtime_error("the kernel image is not compressed with xz");
  auto vmlinux = decompress_xz(payload);
  if (!vmlinux.starts_with("\x7f"
                           "ELF"))
    throw std::runtime_error("the kernel image holds no ELF file");
  return vmlinux;
}

}  // namespace lblab::guest
