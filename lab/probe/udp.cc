#include "lab/probe/udp.hpp"

#include <algorithm>
#include <cerrno>
#include <random>

#include "lab/sys/error.hpp"

namespace lblab::probe {

namespace {

/// After so many datagrams that were overdue, what has come in gets its turn.
constexpr std::int64_t datagrams_at_once = 32;
/// What is overdue by more than this is left out.
constexpr std::chrono::seconds too_late{1};

/// Has its port before it has a peer: there may be no route as yet.
sys::Fd bound_socket(int family) {
  auto socket = open_socket(family, SOCK_DGRAM);
  enlarge_receive_buffer(socket);
  const SocketAddress any({family == AF_INET6 ? *sys::Address::parse("::") : sys::Address{}, 0});
  sys::check("get a source port", ::bind(socket.get(), any.get(), any.length()));
  return socket;
}

}  // namespace

UdpProbe::UdpProbe(Loop& loop, const UdpSettings& settings)
    : to_(settings.to),
      run_(std::random_device{}()),
      schedule_{now(), settings.rate, std::chrono::seconds{1}},
      flows_(static_cast<std::size_t>(settings.flows)) {
  for (std::size_t i = 0; i < flows_.size(); ++i) {
    flows_[i].socket = bound_socket(to_.address.family());
    flows_[i].port = local_end(flows_[i].socket).port;
    loop.watch(flows_[i].socket, EPOLLIN, i);
  }
}

nanoseconds UdpProbe::act(nanoseconds now, bool sending) {
  if (!sending) return nanoseconds::max();
  turn_ = std::max(turn_, schedule_.due_by(now - too_late));
  const auto until = std::min(schedule_.due_by(now), turn_ + datagrams_at_once);
  for (; turn_ < until; ++turn_) send(static_cast<int>(sent_.size() % flows_.size()));
  return schedule_.due(turn_);
}

void UdpProbe::send(int flow) {
  auto& from = flows_[static_cast<std::size_t>(flow)];
  UdpRecord::Sent sent{flow, static_cast<std::int64_t>(from.echoed.size()), {}, 0};
  const auto bytes = encode({.run = run_,
                             .flow = static_cast<std::uint16_t>(flow),
                             .number = static_cast<std::uint64_t>(sent.number)});
  // An ICMP error that an earlier datagram brought about fails the next call, which then sends nothing.
  for (int tries = 0; tries == 0 || (sent.error != 0 && tries < 2); ++tries) {
    sent.at = now();
    sent.error = try_to_send(from, bytes);
  }
  from.echoed.push_back(false);
  sent_.push_back(sent);
  if (sent.error == 0) ++taken_by_the_kernel_;
}

int UdpProbe::try_to_send(Flow& flow, const DatagramBytes& bytes) {
  if (!flow.connected) {
    if (const int error = connect(flow.socket, to_)) return error;
    flow.connected = true;
  }
  return ::send(flow.socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT) < 0 ? errno : 0;
}

void UdpProbe::take(const epoll_event& event) {
  auto& flow = flows_[event.data.u64];
  const auto messages = batch_.receive(flow.socket);
  const auto offset = to_monotonic();
  for (auto& message : messages) {
    const auto datagram = decode(Batch::bytes(message));
    if (!datagram || datagram->kind != Datagram::Kind::answer || datagram->run != run_ ||
        datagram->flow != event.data.u64 || datagram->number >= flow.echoed.size())
      continue;
    echoes_.push_back({datagram->flow, static_cast<std::int64_t>(datagram->number),
                       arrival(message.msg_hdr, offset), *datagram->server, *datagram->seen});
    if (flow.echoed[datagram->number]) continue;
    flow.echoed[datagram->number] = true;
    ++echoed_;
  }
}

UdpRecord UdpProbe::finish() const {
  UdpRecord record{.sent = sent_};
  for (const auto& flow : flows_) record.ports.push_back(flow.port);
  for (const auto& echo : echoes_)
    record.echoes.push_back({echo.flow, echo.number, echo.at, echo.server.str(), echo.seen.str()});
  std::ranges::stable_sort(record.echoes, {}, &UdpRecord::Echo::at);
  return record;
}

}  // namespace lblab::probe
