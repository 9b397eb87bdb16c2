#include "lab/report/timeline.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "lab/report/plot_script.hpp"
#include "lab/report/story.hpp"
#include "lab/report/svg.hpp"
#include "lab/report/words.hpp"

namespace lblab::report {

using expect::Finding;
using expect::Moment;
using expect::ScenarioVerdict;

namespace {

constexpr double width = 1120, right = 24, top = 10, lane_height = 30, bar_height = 13, axis_height = 44;
constexpr double font = 11.5, widest_label = 150;
constexpr std::size_t most_bars = 12;  // rows of expectations; those that find no row share the last

struct Event {
  double x = 0, at = 0;
  std::string kind, text;
};

/// Events that would be drawn over one another.
struct Bunch {
  double x = 0;
  std::vector<const Event*> events;
};

struct Lane {
  std::string actor;
  std::vector<Event> events;
};

std::string label_of(const Event& event) { return event.text.empty() ? event.kind : event.text; }

std::string hint_of(const Bunch& bunch) {
  constexpr std::size_t most = 20;
  std::string hint;
  for (std::size_t i = 0; i < std::min(bunch.events.size(), most); ++i)
    hint += fmt::format("{}{}  {}", i ? "\n" : "", instant(bunch.events[i]->at), label_of(*bunch.events[i]));
  if (bunch.events.size() > most) hint += fmt::format("\n… and {} more", bunch.events.size() - most);
  return hint;
}

std::string label_of(const Bunch& bunch) {
  if (bunch.events.size() == 1) return label_of(*bunch.events.front());
  std::vector<std::string> kinds;
  for (const auto* event : bunch.events)
    if (const auto& kind = event->kind.empty() ? event->text : event->kind; !std::ranges::count(kinds, kind))
      kinds.push_back(kind);
  std::string label;
  for (const auto& kind : kinds) label += (label.empty() ? "" : ", ") + kind;
  return label;
}

class Timeline {
 public:
  explicit Timeline(const ScenarioVerdict& verdict) : verdict_(verdict), faults_(faults(verdict)) {
    find_range();
    find_lanes();
    for (const auto& lane : lanes_) left_ = std::max(left_, text_width(lane.actor, font));
    left_ = std::min(left_, widest_label) + 22;
  }

  std::string svg() {
    if (lanes_.empty() && faults_.empty() && bars_of().empty()) return "";
    for (auto& lane : lanes_)
      for (auto& event : lane.events) event.x = x(event.at);
    const auto rows = packed(bars_of());
    const double lanes_end = top + lane_height * static_cast<double>(lanes_.size() + 1);
    const double bottom =
        lanes_end + (rows.empty() ? 0 : static_cast<double>(rows.size()) * (bar_height + 3) + 10);
    draw_backgrounds(lanes_end, bottom);
    draw_axis(bottom);
    draw_outages(bottom);
    draw_faults(bottom);
    double y = top + lane_height;
    for (const auto& lane : lanes_) {
      draw_lane(lane, y);
      y += lane_height;
    }
    draw_bars(rows, lanes_end + 5);
    return svg_.document(width, bottom + axis_height, "timeline", "timeline of " + one_line(verdict_.name));
  }

 private:
  void find_range() {
    const auto take = [&](double at) {
      if (!can_be_drawn(at)) return;
      low_ = std::min(low_, at);
      high_ = std::max(high_, at);
    };
    take(verdict_.seconds);
    for (const auto& moment : verdict_.moments) take(moment.at);
    for (const auto* fault : faults_) take(fault->at);
    if (high_ <= low_) high_ = low_ + 1;
  }

  void find_lanes() {
    for (const auto& line : story(verdict_))
      if (const auto* moment = std::get_if<const Moment*>(&line.what); moment && can_be_drawn((*moment)->at))
        lane((*moment)->actor).events.push_back({0, line.at, (*moment)->kind, (*moment)->text});
  }

  Lane& lane(const std::string& actor) {
    const auto found = std::ranges::find(lanes_, actor, &Lane::actor);
    if (found != lanes_.end()) return *found;
    lanes_.push_back({actor, {}});
    return lanes_.back();
  }

  double x(double at) const { return left_ + (at - low_) / (high_ - low_) * (width - left_ - right); }

  void draw_backgrounds(double lanes_end, double bottom) {
    for (std::size_t i = 0; i <= lanes_.size(); ++i)
      if (i % 2 == 0)
        svg_.rect({0, top + lane_height * static_cast<double>(i), width, lane_height}, 0, "tl-lane");
    const auto name = [&](double y, const std::string& actor) {
      svg_.text({left_ - 12, y}, "tl-actor", shortened(actor, font, left_ - 18), actor);
    };
    name(top + lane_height / 2 + 4, "faults");
    for (std::size_t i = 0; i < lanes_.size(); ++i)
      name(top + lane_height * (static_cast<double>(i) + 1.5) + 4, lanes_[i].actor);
    if (bottom > lanes_end) name(lanes_end + bar_height + 2, "expected");
  }

  void draw_axis(double y) {
    constexpr int about = 10;
    const double step = round_step((high_ - low_) / about);
    svg_.line({left_, y}, {width - right, y}, "tl-axis");
    for (double n = std::ceil(low_ / step); n * step <= high_ * (1 + 1e-9); ++n) {
      const double at = x(n * step);
      svg_.line({at, y}, {at, y + 5}, "tl-axis");
      svg_.text({at, y + 19}, "tl-tick", fmt::format("{:g}", n * step));
    }
    svg_.text({left_ + (width - left_ - right) / 2, y + 38}, "tl-tick", "time since the scenario began [s]");
  }

  void draw_outages(double bottom) {
    for (const auto& outage : verdict_.outages) {
      if (!can_be_drawn(outage.from) || !can_be_drawn(outage.to)) continue;
      const double from = std::clamp(x(outage.from), left_, width - right);
      const double to = std::clamp(x(outage.to), from, width - right);
      svg_.rect({from, top, std::max(2.0, to - from), bottom - top}, 0, "tl-outage",
                fmt::format("outage {} after {}", duration(outage.to - outage.from), outage.fault));
    }
  }

  void draw_faults(double bottom) {
    constexpr double radius = 9;
    double last = -width;
    int number = 0;
    for (const auto* fault : faults_) {
      ++number;
      if (!can_be_drawn(fault->at)) continue;
      const double at = x(fault->at);
      svg_.line({at, top + lane_height / 2}, {at, bottom}, "tl-fault-line");
      const auto hint = fmt::format("{}  #{} {}", instant(fault->at), number, fault->text);
      const bool has_room = at - last >= 2 * radius;
      svg_.circle({at, top + lane_height / 2}, has_room ? radius : 4, "tl-fault", hint);
      if (!has_room) continue;
      svg_.text({at, top + lane_height / 2 + 4}, "tl-number", std::to_string(number), hint);
      last = at;
    }
    label_faults(radius);
  }

  void label_faults(double radius) {
    for (std::size_t i = 0; i < faults_.size(); ++i) {
      if (!can_be_drawn(faults_[i]->at)) continue;
      double next = width;
      for (std::size_t j = i + 1; j < faults_.size(); ++j)
        if (can_be_drawn(faults_[j]->at)) {
          next = x(faults_[j]->at) - radius;
          break;
        }
      label({x(faults_[i]->at) + radius + 4, top + lane_height / 2 + 4}, faults_[i]->text, next - 4,
            "tl-label tl-fault-label");
    }
  }

  void label(Point at, const std::string& text, double until, const char* classes) {
    constexpr double least = 34;
    const auto room = until - at.x;
    if (room >= std::min(least, text_width(text, font))) svg_.text(at, classes, shortened(text, font, room));
  }

  static std::vector<Bunch> bunches(const Lane& lane) {
    constexpr double too_close = 13;
    std::vector<Bunch> out;
    for (const auto& event : lane.events) {
      if (out.empty() || event.x - out.back().x >= too_close) out.push_back({event.x, {}});
      out.back().events.push_back(&event);
    }
    return out;
  }

  void draw_lane(const Lane& lane, double y) {
    const auto marks = bunches(lane);
    const double middle = y + lane_height / 2;
    for (std::size_t i = 0; i < marks.size(); ++i) {
      const auto& mark = marks[i];
      const auto hint = hint_of(mark);
      const bool is_one = mark.events.size() == 1;
      const double radius = is_one ? 4.5 : mark.events.size() < 100 ? 8 : 11;
      svg_.circle({mark.x, middle}, radius, "tl-event", hint);
      if (!is_one)
        svg_.text({mark.x, middle + 3.5}, "tl-number tl-small", std::to_string(mark.events.size()), hint);
      const double next = i + 1 < marks.size() ? marks[i + 1].x - 9 : width;
      label({mark.x + radius + 4, middle + 4}, label_of(mark), next - 2, "tl-label");
    }
  }

  std::vector<const Finding*> bars_of() const {
    std::vector<const Finding*> bars;
    for (const auto& finding : verdict_.findings)
      if (can_be_drawn(finding.from) && can_be_drawn(finding.to)) bars.push_back(&finding);
    return bars;
  }

  /// Each in the first row where it has room.
  std::vector<std::vector<const Finding*>> packed(const std::vector<const Finding*>& bars) const {
    std::vector<std::vector<const Finding*>> rows;
    for (const auto* bar : bars) {
      const auto row = std::ranges::find_if(rows, [&](const auto& row) {
        return std::ranges::all_of(row, [&](const auto* other) { return is_apart(*bar, *other); });
      });
      if (row != rows.end())
        row->push_back(bar);
      else if (rows.size() < most_bars)
        rows.push_back({bar});
      else
        rows.back().push_back(bar);
    }
    return rows;
  }

  std::pair<double, double> ends(const Finding& finding) const {
    const double from = std::clamp(x(finding.from), left_, width - right);
    return {from, std::max(from + 5, std::clamp(x(finding.to), left_, width - right))};
  }
  bool is_apart(const Finding& a, const Finding& b) const {
    return ends(a).second + 1 < ends(b).first || ends(b).second + 1 < ends(a).first;
  }

  void draw_bars(const std::vector<std::vector<const Finding*>>& rows, double y) {
    for (const auto& row : rows) {
      for (const auto* bar : row) {
        const auto [from, to] = ends(*bar);
        const auto hint =
            fmt::format("{} {}\n{}", symbol(bar->outcome), with_line(bar->mark, bar->expected), bar->seen);
        svg_.rect({from, y, to - from, bar_height}, 3, fmt::format("tl-bar {}", word(bar->outcome)), hint);
        constexpr double least = 60;
        if (to - from > least)
          svg_.text({from + 5, y + bar_height - 3}, "tl-bar-label",
                    shortened(bar->expected, 10, to - from - 10), hint);
      }
      y += bar_height + 3;
    }
  }

  const ScenarioVerdict& verdict_;
  std::vector<const expect::Done*> faults_;
  std::vector<Lane> lanes_;
  double low_ = 0, high_ = 0, left_ = 60;
  Svg svg_;
};

}  // namespace

std::string timeline_svg(const ScenarioVerdict& verdict) { return Timeline(verdict).svg(); }

std::string timeline_style() {
  return R"(
.timeline text{fill:var(--ink);font-size:11.5px}
.timeline .tl-lane{fill:var(--stripe)}
.timeline .tl-actor{text-anchor:end;font-weight:600}
.timeline .tl-axis{stroke:var(--grey)}
.timeline .tl-tick{text-anchor:middle;fill:var(--grey)}
.timeline .tl-outage{fill:var(--bad);opacity:.16}
.timeline .tl-fault-line{stroke:var(--fault);stroke-dasharray:4 3}
.timeline .tl-fault{fill:var(--fault)}
.timeline .tl-fault-label{fill:var(--fault)}
.timeline .tl-event{fill:var(--blue)}
.timeline .tl-number{fill:var(--page);text-anchor:middle;font-weight:700;font-size:11px}
.timeline .tl-small{font-size:10px}
.timeline .tl-label,.timeline .tl-actor{
paint-order:stroke;stroke:var(--page);stroke-width:2.5px;stroke-linejoin:round}
.timeline .tl-bar{stroke-width:1}
.timeline .tl-bar.passed{fill:var(--good-back);stroke:var(--good)}
.timeline .tl-bar.failed{fill:var(--bad-back);stroke:var(--bad)}
.timeline .tl-bar.inconclusive{fill:var(--unsure-back);stroke:var(--unsure)}
.timeline .tl-bar-label{font-size:10px}
)";
}

}  // namespace lblab::report
