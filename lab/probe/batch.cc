#include "lab/probe/batch.hpp"

namespace lblab::probe {

std::span<mmsghdr> Batch::receive(const sys::Fd& socket) {
  for (std::size_t i = 0; i < most; ++i) {
    auto& slot = slots_[i];
    slot.buffer = {slot.bytes.data(), slot.bytes.size()};
    messages_[i].msg_hdr = {.msg_name = &slot.from,
                            .msg_namelen = sizeof slot.from,
                            .msg_iov = &slot.buffer,
                            .msg_iovlen = 1,
                            .msg_control = slot.control.data(),
                            .msg_controllen = slot.control.size()};
  }
  const int count = ::recvmmsg(socket.get(), messages_.data(), most, MSG_DONTWAIT, nullptr);
  return {messages_.data(), static_cast<std::size_t>(count > 0 ? count : 0)};
}

void Batch::send(const sys::Fd& socket, std::span<mmsghdr> messages) {
  for (auto& message : messages) message.msg_hdr.msg_iov->iov_len = message.msg_len;
  while (!messages.empty()) {
    const int sent =
        ::sendmmsg(socket.get(), messages.data(), static_cast<unsigned>(messages.size()), MSG_DONTWAIT);
    messages = messages.subspan(static_cast<std::size_t>(sent > 0 ? sent : 1));
  }
}

}  // namespace lblab::probe
