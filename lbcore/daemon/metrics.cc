#include "lbcore/daemon/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace lbcore::daemon {

namespace {

using Labels = std::vector<std::pair<const char*, std::string>>;

/// Of a label's value: the only three characters that have to be.
std::string escaped(const std::string& value) {
  std::string text;
  for (const char c : value) {
    if (c == '\\' || c == '"') text += '\\';
    if (c == '\n')
      text += "\\n";
    else
      text += c;
  }
  return text;
}

/// One name, its type, and a value for each set of labels.
class Family {
 public:
  Family(const char* name, const char* type, const char* help)
      : name_(name), head_(fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type)) {}

  template <class Value>
  void add(const Labels& labels, Value value) {
    std::string inside;
    for (const auto& [key, text] : labels)
      inside += fmt::format("{}{}=\"{}\"", inside.empty() ? "" : ",", key, escaped(text));
    samples_ += fmt::format("{}{} {}\n", name_, inside.empty() ? "" : "{" + inside + "}", value);
  }
  std::string text() const { return samples_.empty() ? "" : head_ + samples_; }

 private:
  const char* name_;
  std::string head_, samples_;
};

/// What went through a service or a real server.
class Traffic {
 public:
  Traffic(const char* connections, const char* packets, const char* bytes, const char* of)
      : help_{fmt::format("Connections given to the {}.", of), fmt::format("Packets of the {}.", of),
              fmt::format("Bytes of the {}.", of)},
        connections_(connections, "counter", help_[0].c_str()),
        packets_(packets, "counter", help_[1].c_str()),
        bytes_(bytes, "counter", help_[2].c_str()) {}

  void add(const Labels& labels, const Counters& c) {
    Labels in = labels, out = labels;
    in.emplace_back("direction", "in");
    out.emplace_back("direction", "out");
    connections_.add(labels, c.connections);
    packets_.add(in, c.packets_in);
    packets_.add(out, c.packets_out);
    bytes_.add(in, c.bytes_in);
    bytes_.add(out, c.bytes_out);
  }
  std::string text() const { return connections_.text() + packets_.text() + bytes_.text(); }

 private:
  std::string help_[3];
  Family connections_, packets_, bytes_;
};

class Text {
 public:
  explicit Text(const Measured& measured) : measured_(measured) {
    for (const auto& service : measured.services) add(service);
  }

  std::string all() {
    Family info("lbd_info", "gauge", "What carries the packets.");
    info.add({{"dataplane", measured_.dataplane}}, 1);
    Family uptime("lbd_uptime_seconds", "gauge", "Time since this lbd began.");
    uptime.add({}, measured_.uptime_s);
    Family helper("lbd_announce_helper_connected", "gauge",
                  "Whether the helper that announces routes is connected.");
    helper.add({}, static_cast<int>(measured_.helper_is_connected));
    Family sessions("lbd_bgp_session_up", "gauge", "Whether the BGP session with a peer is established.");
    for (const auto& [peer, up] : measured_.sessions) sessions.add({{"peer", peer}}, static_cast<int>(up));
    return info.text() + uptime.text() + helper.text() + sessions.text() + announced_.text() +
           drained_.text() + of_services_.text() + up_.text() + weight_.text() + active_.text() +
           inactive_.text() + of_servers_.text();
  }

 private:
  void add(const Services::ServiceStatus& status) {
    const auto& s = *status.settings;
    drained_.add({{"service", s.name}}, static_cast<int>(status.drained));
    if (s.announce)
      announced_.add({{"service", s.name},
                      {"route", s.announce->prefix.str()},
                      {"next_hop", s.announce->next_hop.str()}},
                     static_cast<int>(std::ranges::count(measured_.announced, *s.announce)));
    for (const auto& [endpoint, health] : status.endpoints)
      up_.add({{"service", s.name}, {"endpoint", endpoint.str()}}, static_cast<int>(health.up));
    const auto service = std::ranges::find(measured_.table, key_of(s), &VirtualService::key);
    if (service != measured_.table.end())
      for (const auto& d : service->destinations) weight_.add(labels(s, d.address, d.port), d.weight);
    const auto counted = std::ranges::find(measured_.counters, key_of(s), &ipvs::ServiceCounters::key);
    if (counted == measured_.counters.end()) return;
    of_services_.add({{"service", s.name}}, counted->counters);
    for (const auto& d : counted->destinations) {
      active_.add(labels(s, d.address, d.port), d.active);
      inactive_.add(labels(s, d.address, d.port), d.inactive);
      of_servers_.add(labels(s, d.address, d.port), d.counters);
    }
  }

  static Labels labels(const ServiceSettings& s, const Address& address, std::uint16_t port) {
    return {{"service", s.name}, {"real_server", Endpoint{address, port}.str()}};
  }

  const Measured& measured_;
  Family announced_{"lbd_service_announced", "gauge", "Whether the service's route is announced."};
  Family drained_{"lbd_service_drained", "gauge", "Whether an operator took the service out of service."};
  Family up_{"lbd_endpoint_up", "gauge", "Whether an endpoint passes its health checks."};
  Family weight_{"lbd_real_server_weight", "gauge", "Share of new connections; 0 while it drains."};
  Family active_{"lbd_real_server_active_connections", "gauge", "Established connections."};
  Family inactive_{"lbd_real_server_inactive_connections", "gauge", "Connections in any other state."};
  Traffic of_services_{"lbd_service_connections_total", "lbd_service_packets_total",
                       "lbd_service_bytes_total", "service"};
  Traffic of_servers_{"lbd_real_server_connections_total", "lbd_real_server_packets_total",
                      "lbd_real_server_bytes_total", "real server"};
};

}  // namespace

std::string metrics_text(const Measured& measured) { return Text(measured).all(); }

}  // namespace lbcore::daemon
