#include "lab/guest/netlink.hpp"

#include <memory>

#include "lab/sys/error.hpp"

namespace lblab::guest {

Question::Question(int family, std::uint16_t type, std::uint16_t flags) : family_(family) {
  append(type, flags);
}

Question& Question::next(std::uint16_t type, std::uint16_t flags) {
  append(type, flags);
  return *this;
}

void Question::append(std::uint16_t type, std::uint16_t flags) {
  char* end = head_ ? static_cast<char*>(mnl_nlmsg_get_payload_tail(head_)) : buffer_;
  head_ = mnl_nlmsg_put_header(end);
  head_->nlmsg_type = type;
  head_->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  head_->nlmsg_seq = 1;
}

int Question::errno_of_answer() {
  const std::unique_ptr<mnl_socket, decltype(&mnl_socket_close)> socket(
      mnl_socket_open2(family_, SOCK_CLOEXEC), mnl_socket_close);
  if (!socket) return errno;
  const auto size = static_cast<char*>(mnl_nlmsg_get_payload_tail(head_)) - buffer_;
  sys::check("ask the kernel",
             static_cast<int>(mnl_socket_sendto(socket.get(), buffer_, static_cast<std::size_t>(size))));
  for (;;) {
    char answer[16384];
    auto left = sys::check("read the kernel's answer",
                           static_cast<int>(mnl_socket_recvfrom(socket.get(), answer, sizeof answer)));
    for (auto* head = reinterpret_cast<const nlmsghdr*>(answer); mnl_nlmsg_ok(head, left);
         head = mnl_nlmsg_next(head, &left))
      if (head->nlmsg_type == NLMSG_ERROR)
        return -static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(head))->error;
  }
}

}  // namespace lblab::guest
