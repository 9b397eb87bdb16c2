#pragma once

#include <libmnl/libmnl.h>

#include <cstdint>
#include <string>
#include <vector>

namespace lblab::guest {

/// One question to the kernel over netlink, and the errno of its answer; 0 when it agreed. For the probes of
/// features.cc, which ask three netlink families a single question each.
class Question {
 public:
  Question(int family, std::uint16_t type, std::uint16_t flags = 0);

  template <class Header>
  Question& header(const Header& value) {
    *static_cast<Header*>(mnl_nlmsg_put_extra_header(head_, sizeof value)) = value;
    return *this;
  }
  template <class T>
  Question& put(std::uint16_t type, const T& value) {
    mnl_attr_put(head_, type, sizeof value, &value);
    return *this;
  }
  Question& text(std::uint16_t type, const std::string& value) {
    mnl_attr_put_strz(head_, type, value.c_str());
    return *this;
  }
  Question& flag(std::uint16_t type) {
    mnl_attr_put(head_, type, 0, nullptr);
    return *this;
  }
  template <class Fill>
  Question& nest(std::uint16_t type, Fill fill) {
    nlattr* open = mnl_attr_nest_start(head_, type);
    fill(*this);
    mnl_attr_nest_end(head_, open);
    return *this;
  }
  /// Another message of the same datagram, as nf_tables' transactions need.
  Question& next(std::uint16_t type, std::uint16_t flags);

  /// Sends it from the namespace that the thread is in. Throws SystemError when the family itself cannot be
  /// spoken to.
  int errno_of_answer();

 private:
  void append(std::uint16_t type, std::uint16_t flags);
  int family_;
  alignas(nlmsghdr) char buffer_[4096] = {};
  nlmsghdr* head_ = nullptr;
};

}  // namespace lblab::guest
