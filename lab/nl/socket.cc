#include "lab/nl/socket.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "lab/nl/builder.hpp"
#include "lab/sys/error.hpp"

namespace lblab::nl {

namespace {

// One system call carries no more than this. The refusals of as many messages must fit the receive buffer at
// once: the kernel answers all of a call before we read, and drops what does not fit.
constexpr std::size_t most_bytes = 32 * 1024;
constexpr std::size_t most_messages = 128;
constexpr int receive_buffer_bytes = 1 << 20;
constexpr int dump_attempts = 16;

sys::Fd open_socket() {
  sys::Fd fd{
      sys::check("open a netlink socket", ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE))};
  sockaddr_nl self{};
  self.nl_family = AF_NETLINK;
  sys::check("bind a netlink socket", ::bind(fd.get(), reinterpret_cast<sockaddr*>(&self), sizeof self));
  const int on = 1;
  for (const int option : {NETLINK_EXT_ACK, NETLINK_CAP_ACK})
    sys::check("set up a netlink socket", ::setsockopt(fd.get(), SOL_NETLINK, option, &on, sizeof on));
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer_bytes, sizeof receive_buffer_bytes);
  return fd;
}

nlmsghdr* header(std::byte* at) { return reinterpret_cast<nlmsghdr*>(at); }

/// The kernel's words in an NLMSG_ERROR that is capped (NETLINK_CAP_ACK): attributes follow the fixed part at
/// once.
std::string reason_in(const nlmsghdr& head) {
  if (!(head.nlmsg_flags & NLM_F_ACK_TLVS)) return "";
  return Attributes<NLMSGERR_ATTR_MAX>{head, sizeof(nlmsgerr)}.text(NLMSGERR_ATTR_MSG);
}

int error_in(const nlmsghdr& head) {
  int error = 0;
  if (mnl_nlmsg_get_payload_len(&head) >= sizeof error)
    std::memcpy(&error, mnl_nlmsg_get_payload(&head), sizeof error);
  return -error;
}

}  // namespace

struct Socket::Impl {
  sys::Fd fd = open_socket();
  std::uint32_t next_sequence = 1;
  std::vector<std::byte> queued;
  std::vector<std::size_t> starts;  // of each message in `queued`
  std::vector<std::uint64_t> cookies;

  void send(std::byte* bytes, std::size_t size) {
    ssize_t n;
    do n = ::send(fd.get(), bytes, size, 0);
    while (n < 0 && errno == EINTR);
    sys::check("send to netlink", static_cast<int>(n));
  }

  /// Waits for one datagram and visits its messages until `visit` returns false.
  template <class Visit>
  bool receive(Visit&& visit) {
    // One for all sockets of the thread: there may be thousands of them.
    alignas(nlmsghdr) static thread_local std::array<std::byte, 64 * 1024> received;
    ssize_t n;
    do n = ::recv(fd.get(), received.data(), received.size(), 0);
    while (n < 0 && errno == EINTR);
    sys::check("receive from netlink", static_cast<int>(n));
    int left = static_cast<int>(n);
    for (const auto* head = header(received.data()); mnl_nlmsg_ok(head, left);
         head = mnl_nlmsg_next(head, &left))
      if (!visit(*head)) return false;
    return true;
  }

  /// Messages [from, to) in one call; only the last asks for an answer, but each refusal arrives with its own
  /// number.
  void exchange(std::size_t from, std::size_t to, std::vector<Failure>& failures) {
    const std::uint32_t first = next_sequence;
    next_sequence += static_cast<std::uint32_t>(to - from);
    for (std::size_t i = from; i < to; ++i)
      header(&queued[starts[i]])->nlmsg_seq = first + static_cast<std::uint32_t>(i - from);
    header(&queued[starts[to - 1]])->nlmsg_flags |= NLM_F_ACK;
    const std::size_t end = to == starts.size() ? queued.size() : starts[to];
    send(&queued[starts[from]], end - starts[from]);
    const std::uint32_t count = static_cast<std::uint32_t>(to - from);
    auto note = [&](const nlmsghdr& head) {
      const std::uint32_t offset = head.nlmsg_seq - first;
      if (head.nlmsg_type != NLMSG_ERROR || offset >= count) return true;
      if (const int error = error_in(head))
        failures.push_back({cookies[from + offset], error, reason_in(head)});
      return offset != count - 1;
    };
    while (receive(note)) {
    }
  }

  void forget() {
    queued.clear();
    starts.clear();
    cookies.clear();
  }
};

Socket::Socket() : impl_(std::make_unique<Impl>()) {}
Socket::Socket(const sys::Netns& inside) : Socket(inside.within([] { return Socket(); })) {}
Socket::Socket(Socket&&) noexcept = default;
Socket& Socket::operator=(Socket&&) noexcept = default;
Socket::~Socket() = default;

void Socket::queue(const Message& message, std::uint64_t cookie) {
  auto& q = impl_->queued;
  impl_->starts.push_back(q.size());
  impl_->cookies.push_back(cookie);
  q.insert(q.end(), message.bytes().begin(), message.bytes().end());
  q.resize(MNL_ALIGN(q.size()));
}

bool Socket::has_queued() const { return !impl_->starts.empty(); }

std::vector<Failure> Socket::flush() {
  auto& i = *impl_;
  std::vector<Failure> failures;
  try {
    for (std::size_t from = 0, to = 0; from < i.starts.size(); from = to) {
      while (to < i.starts.size() && to - from < most_messages &&
             (to + 1 == i.starts.size() ? i.queued.size() : i.starts[to + 1]) - i.starts[from] <= most_bytes)
        ++to;
      i.exchange(from, to, failures);
    }
  } catch (...) {
    i.forget();
    throw;
  }
  i.forget();
  return failures;
}

void Socket::request(std::string_view attempt, const Message& message) {
  queue(message);
  const auto failures = flush();
  if (failures.empty()) return;
  std::string text(attempt);
  if (!failures[0].reason.empty()) text += " (" + failures[0].reason + ")";
  throw sys::SystemError{text, failures[0].error};
}

void Socket::ask(std::string_view attempt, const Message& message,
                 const std::function<void(const nlmsghdr&)>& visit, const std::function<void()>& restart) {
  std::vector<std::byte> bytes(message.bytes().begin(), message.bytes().end());
  nlmsghdr* request = header(bytes.data());
  const bool dump = (request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
  if (!dump) request->nlmsg_flags |= NLM_F_ACK;
  int error = EINTR;
  for (int attempts = 0; error == EINTR && attempts < dump_attempts; ++attempts) {
    if (attempts) restart();
    error = 0;
    bool interrupted = false;
    request->nlmsg_seq = impl_->next_sequence++;
    impl_->send(bytes.data(), bytes.size());
    auto take = [&](const nlmsghdr& head) {
      if (head.nlmsg_seq != request->nlmsg_seq) return true;
      interrupted |= (head.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
      if (head.nlmsg_type == NLMSG_ERROR || head.nlmsg_type == NLMSG_DONE) {
        error = error_in(head);
        return false;
      }
      visit(head);
      return true;
    };
    while (impl_->receive(take)) {
    }
    if (!error && interrupted) error = EINTR;
  }
  if (error) throw sys::SystemError{attempt, error};
}

}  // namespace lblab::nl
