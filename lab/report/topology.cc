#include "lab/report/topology.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <set>

#include "lab/report/topology_boxes.hpp"
#include "lab/report/words.hpp"

namespace lblab::report {

using model::Cluster;

namespace {

constexpr double margin = 16, wire = 34, bar = 6;

constexpr const char* style = R"(
.lt-host{fill:#eef1f5;stroke:#52606d;stroke-width:1.3}
.lt-lb{fill:#dbe9fb;stroke:#2563a8;stroke-width:1.3}
.lt-pod{fill:#def2e3;stroke:#2f7d46;stroke-width:1.3}
.lt-net{fill:#7b8794}
.lt-wire{stroke:#7b8794;stroke-width:2;fill:none}
.lt-joint{fill:#7b8794}
.lt-name{font-weight:600;font-size:14px}
.lt-text{font-size:12px}
.lt-strong{font-weight:600}
.lt-address{font-family:ui-monospace,'DejaVu Sans Mono',Menlo,monospace;font-size:11.5px}
.lt-name,.lt-text,.lt-address{fill:#1f2933}
.lt-grey{fill:#52606d}
.lt-end{text-anchor:end}
.lt-middle{text-anchor:middle}
.lt-halo{stroke:#ffffff;stroke-width:4px;stroke-linejoin:round;paint-order:stroke}
@media (prefers-color-scheme: dark){
.lt-host{fill:#232b36;stroke:#8896a8}
.lt-lb{fill:#17355c;stroke:#6ea8ec}
.lt-pod{fill:#173d26;stroke:#62b97d}
.lt-net,.lt-joint{fill:#8896a8}
.lt-wire{stroke:#8896a8}
.lt-name,.lt-text,.lt-address{fill:#e4e9f0}
.lt-grey{fill:#a8b3c2}
.lt-halo{stroke:#161b22}
}
)";

/// Rows of hosts with a bar between each two: row N hangs under bar N-1 and stands on bar N.
class Picture {
 public:
  explicit Picture(const Cluster& cluster) : cluster_(cluster), hosts_(host_boxes(cluster)) {
    rows_.resize(cluster.networks.size() + 1);
    for (auto& host : hosts_)
      if (host.nets.empty())
        loose_.push_back(&host);
      else
        rows_[row_of(host)].push_back(&host);
    for (auto& row : rows_)
      std::stable_partition(row.begin(), row.end(), [](const HostBox* host) { return !needs_detour(*host); });
    for (const auto& network : cluster.networks)
      label_ = std::max(
          {label_, text_width(network.name, size::name), text_width(network.subnet.str(), size::text)});
    if (label_ > 0) label_ += 20;
  }

  std::string svg() {
    place();
    draw_networks();
    for (const auto& host : hosts_)
      if (!host.nets.empty()) draw_wires(host);
    draw_links();
    for (const auto& host : hosts_) draw(host, svg_);
    draw_link_ends();
    draw_services();
    return svg_.document(width_ + detours_ * 12 + 2 * margin, height_ + margin, "lt-topology",
                         "topology " + cluster_.name, style);
  }

 private:
  /// On one network only: below it, but the first of several has its hosts above.
  std::size_t row_of(const HostBox& host) const {
    if (host.nets.size() > 1) return host.nets.front() + 1;
    return host.nets.front() == 0 && cluster_.networks.size() > 1 ? 0 : host.nets.front() + 1;
  }

  /// On a network that its row does not touch.
  static bool needs_detour(const HostBox& host) { return host.nets.back() > host.nets.front() + 1; }

  static double width_of(const std::vector<HostBox*>& row) {
    double width = row.empty() ? 0 : -size::gap;
    for (const auto* host : row) width += host->box.width + size::gap;
    return width;
  }
  static double height_of(const std::vector<HostBox*>& row) {
    double height = 0;
    for (const auto* host : row) height = std::max(height, host->box.height);
    return height;
  }

  void place() {
    bool is_chain = order_loose();
    double widest = 0;
    for (const auto& row : rows_) widest = std::max(widest, width_of(row));
    constexpr double room_between_linked = 130;
    const double chain = width_of(loose_) + room_between_linked * static_cast<double>(loose_.size());
    if (is_chain) widest = std::max(widest, chain - room_between_linked);
    if (!is_chain) widest = std::max(widest, 2 * ring_radius().x + width_of_widest());
    width_ = label_ + widest;
    double y = margin;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (!rows_[i].empty()) y = place_row(rows_[i], y, i);
      if (i + 1 < rows_.size()) {
        bars_.push_back(y);
        y += bar;
      }
    }
    if (!loose_.empty()) y = is_chain ? place_chain(y, room_between_linked) : place_ring(y);
    height_ = y;
  }

  double place_row(const std::vector<HostBox*>& row, double y, std::size_t i) {
    const double height = height_of(row);
    if (i > 0) y += wire;
    double x = margin + label_ + (width_ - label_ - width_of(row)) / 2;
    for (auto* host : row) {
      host->box.x = x;
      host->box.y = i == 0 ? y + height - host->box.height : y;
      x += host->box.width + size::gap;
    }
    return y + height + (i + 1 < rows_.size() ? wire : 0);
  }

  double place_chain(double y, double room) {
    if (!bars_.empty()) y += wire;
    const double total = width_of(loose_) + (room - size::gap) * static_cast<double>(loose_.size() - 1);
    double x = margin + label_ + (width_ - label_ - total) / 2;
    const double height = height_of(loose_);
    for (auto* host : loose_) {
      host->box.x = x;
      host->box.y = y + (height - host->box.height) / 2;
      x += host->box.width + room;
    }
    return y + height;
  }

  double width_of_widest() const {
    double width = 0;
    for (const auto* host : loose_) width = std::max(width, host->box.width);
    return width;
  }

  Point ring_radius() const {
    const double n = static_cast<double>(loose_.size());
    return {std::max(190.0, n * (width_of_widest() + 40) / 5),
            std::max(125.0, n * (height_of(loose_) + 30) / 6)};
  }

  double place_ring(double y) {
    if (!bars_.empty()) y += wire;
    const auto radius = ring_radius();
    const double height = height_of(loose_);
    const Point middle{margin + label_ + (width_ - label_) / 2, y + height / 2 + radius.y};
    double angle = -std::numbers::pi / 2;
    double bottom = y;
    for (auto* host : loose_) {
      host->box.x = middle.x + radius.x * std::cos(angle) - host->box.width / 2;
      host->box.y = middle.y + radius.y * std::sin(angle) - host->box.height / 2;
      bottom = std::max(bottom, host->box.bottom());
      angle += 2 * std::numbers::pi / static_cast<double>(loose_.size());
    }
    return bottom;
  }

  /// Hosts without a network: each beside one that it is linked to; in a row if the links make one, otherwise
  /// they stand in a ring.
  bool order_loose() {
    std::map<std::string, std::set<std::string>> next;
    for (const auto& link : cluster_.links) {
      next[link.ends[0].node].insert(link.ends[1].node);
      next[link.ends[1].node].insert(link.ends[0].node);
    }
    std::vector<HostBox*> ordered;
    std::set<std::string> seen;
    const auto follow = [&](HostBox* host) {
      while (host) {
        ordered.push_back(host);
        seen.insert(host->node->name);
        const auto& name = host->node->name;
        host = nullptr;
        for (auto* other : loose_)
          if (!seen.contains(other->node->name) && next[name].contains(other->node->name)) {
            host = other;
            break;
          }
      }
    };
    for (auto* host : loose_)
      if (!seen.contains(host->node->name) && next[host->node->name].size() < 2) follow(host);
    const bool is_chain = ordered.size() == loose_.size() && std::ranges::all_of(loose_, [&](auto* host) {
                            return next[host->node->name].size() < 3;
                          });
    for (auto* host : loose_)
      if (!seen.contains(host->node->name)) follow(host);
    loose_ = ordered;
    return is_chain;
  }

  void draw_networks() {
    for (std::size_t i = 0; i < bars_.size(); ++i) {
      const auto& network = cluster_.networks[i];
      svg_.rect({margin + label_ - 8, bars_[i], width_ - label_ + 8 + detours() * 12, bar}, bar / 2,
                "lt-net");
      svg_.text({margin, bars_[i] + 1}, "lt-name", network.name);
      svg_.text({margin, bars_[i] + 17}, "lt-address lt-grey", network.subnet.str());
    }
  }

  double detours() const {
    return static_cast<double>(std::ranges::count_if(
        hosts_, [](const HostBox& host) { return !host.nets.empty() && needs_detour(host); }));
  }

  void draw_wires(const HostBox& host) {
    const auto row = row_of(host);
    const double x = host.box.middle().x;
    for (const auto net : host.nets) {
      const double y = bars_[net] + bar / 2;
      if (net + 1 == row)
        svg_.line({x, y}, {x, host.box.y}, "lt-wire");
      else if (net == row)
        svg_.line({x, host.box.bottom()}, {x, y}, "lt-wire");
      else
        continue;
      svg_.circle({x, y}, 5, "lt-joint");
    }
    if (needs_detour(host)) draw_detour(host, row);
  }

  /// Along the right margin, past the rows between.
  void draw_detour(const HostBox& host, std::size_t row) {
    ++detours_;
    const double x = margin + width_ + detours_ * 12 - 4;
    double last = 0;
    for (const auto net : host.nets)
      if (net != row && net + 1 != row) {
        last = bars_[net] + bar / 2;
        svg_.circle({x, last}, 5, "lt-joint");
      }
    const double y = host.box.y + 18 + 4 * detours_;
    svg_.path(fmt::format("M{} {}H{}V{}", coordinate(host.box.right()), coordinate(y), coordinate(x),
                          coordinate(last)),
              "lt-wire");
  }

  const HostBox* host(const std::string& name) const {
    const auto found =
        std::ranges::find_if(hosts_, [&](const auto& host) { return host.node->name == name; });
    return found == hosts_.end() ? nullptr : &*found;
  }

  struct Wire {
    const HostBox *from, *to;
    Point begin, end, bend;
    const model::PlainLink* link;
  };

  /// Straight lines between middles, but parallel ones part.
  std::vector<Wire> wires() const {
    std::map<std::pair<std::string, std::string>, int> drawn, all;
    const auto key = [](const model::PlainLink& link) {
      return std::minmax({link.ends[0].node, link.ends[1].node});
    };
    for (const auto& link : cluster_.links) ++all[key(link)];
    std::vector<Wire> found;
    for (const auto& link : cluster_.links) {
      const auto *from = host(link.ends[0].node), *to = host(link.ends[1].node);
      if (!from || !to) continue;
      const int n = drawn[key(link)]++;
      const Point a = from->box.middle(), b = to->box.middle();
      const double length = std::max(1.0, std::hypot(b.x - a.x, b.y - a.y));
      const double apart =
          (n - (all[key(link)] - 1) / 2.0) * 60 * (key(link).first == link.ends[0].node ? 1 : -1);
      const Point bend{(a.x + b.x) / 2 - (b.y - a.y) / length * apart,
                       (a.y + b.y) / 2 + (b.x - a.x) / length * apart};
      found.push_back({from, to, a, b, bend, &link});
    }
    return found;
  }

  void draw_links() {
    for (const auto& wire : wires())
      svg_.path(fmt::format("M{} {}Q{} {} {} {}", coordinate(wire.begin.x), coordinate(wire.begin.y),
                            coordinate(wire.bend.x), coordinate(wire.bend.y), coordinate(wire.end.x),
                            coordinate(wire.end.y)),
                "lt-wire");
  }

  /// The interfaces' names, where the lines leave the boxes.
  void draw_link_ends() {
    for (const auto& wire : wires()) {
      label_end(wire.from->box, wire.begin, wire.bend, wire.link->ends[0].interface);
      label_end(wire.to->box, wire.end, wire.bend, wire.link->ends[1].interface);
    }
  }

  void label_end(const Box& box, Point from, Point towards, const std::string& name) {
    const double dx = towards.x - from.x, dy = towards.y - from.y;
    const double length = std::hypot(dx, dy);
    if (length < 1) return;
    const double to_side = dx == 0 ? length : box.width / 2 / std::abs(dx) * length;
    const double to_top = dy == 0 ? length : box.height / 2 / std::abs(dy) * length;
    const double out =
        std::min(to_side, to_top) + (to_side < to_top ? text_width(name, size::text) / 2 + 5 : 13);
    svg_.text({from.x + dx / length * out, from.y + dy / length * out + (to_side < to_top ? -5 : 4)},
              "lt-text lt-grey lt-middle lt-halo", name);
  }

  void draw_services() {
    if (cluster_.services.empty()) return;
    height_ += 14;
    draw_legend();
    for (const auto& service : cluster_.services) {
      height_ += 18;
      svg_.text({margin + label_, height_}, "lt-text", line_of(service));
    }
    height_ += 4;
  }

  void draw_legend() {
    height_ += 18;
    double x = margin + label_;
    for (const auto& [classes, what] : {std::pair{"lt-lb", "load balancer"}, std::pair{"lt-pod", "pod"}}) {
      svg_.rect({x, height_ - 11, 22, 14}, 4, classes);
      svg_.text({x + 29, height_}, "lt-text", what);
      x += 29 + text_width(what, size::text) + 24;
    }
  }

  static std::string line_of(const model::Service& service) {
    auto line = fmt::format("service {}: {} port {}", service.name, service.addresses.str(), service.port);
    if (!service.load_balancers) return line;
    using Forwarding = model::LoadBalancers::Forwarding;
    const auto& balancers = *service.load_balancers;
    const char* forwarding = balancers.forwarding == Forwarding::nat      ? "NAT"
                             : balancers.forwarding == Forwarding::direct ? "direct"
                                                                          : "tunnel";
    const auto scheduler = balancers.by_ipvs() ? fmt::format(", scheduler {}", balancers.scheduler) : "";
    return line + fmt::format(", {} ({}, {} forwarding{}), {}", count(balancers.replicas, "load balancer"),
                              balancers.kind, forwarding, scheduler, count(service.pods.replicas, "pod"));
  }

  const Cluster& cluster_;
  std::vector<HostBox> hosts_;
  std::vector<std::vector<HostBox*>> rows_;
  std::vector<HostBox*> loose_;  // on no network
  std::vector<double> bars_;
  double label_ = 0, width_ = 0, height_ = 0;
  int detours_ = 0;
  Svg svg_;
};

}  // namespace

std::string topology_svg(const Cluster& cluster) { return Picture(cluster).svg(); }

}  // namespace lblab::report
