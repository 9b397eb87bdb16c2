#include "lab/report/html_parts.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <stdexcept>

#include "lab/report/gnuplot.hpp"
#include "lab/report/plot_script.hpp"
#include "lab/report/story.hpp"
#include "lab/report/tally.hpp"
#include "lab/report/timeline.hpp"
#include "lab/report/words.hpp"

namespace lblab::report {

using expect::Finding;
using expect::Outcome;
using expect::ScenarioVerdict;
using expect::Summary;

namespace {

/// What is longer than this is folded up.
constexpr std::size_t many_rows = 60, many_outages = 4;

void write_card(std::ostream& out, const Finding& finding) {
  fmt::print(out, "<div class=\"card {}\">\n<p>{} <b>{}</b></p>\n<p>{}</p>\n", word(finding.outcome),
             marked(finding.outcome), xml(finding.expected), xml(finding.seen));
  fmt::print(out, "<p class=\"grey small\">{}between {} and {}", xml(with_line(finding.mark, "")),
             instant(finding.from), instant(finding.to));
  if (finding.jitter > 0) fmt::print(out, "; this machine was up to {} late", duration(finding.jitter));
  fmt::print(out, "</p>\n");
  const auto own = own_story(finding);
  for (const auto& cause : own.causes) fmt::print(out, "<p class=\"cause\">{}</p>\n", xml(cause));
  if (!own.rest.empty()) {
    fmt::print(out, "<ul>\n");
    for (const auto& part : own.rest) fmt::print(out, "<li>{}</li>\n", xml(part));
    fmt::print(out, "</ul>\n");
  }
  fmt::print(out, "</div>\n");
}

void write_card(std::ostream& out, const Summary& summary) {
  fmt::print(
      out,
      "<div class=\"card {}\">\n<p>{} <b>{}</b></p>\n<p>{}</p>\n<p class=\"grey small\">{}</p>\n</div>\n",
      word(summary.outcome), marked(summary.outcome), xml(summary.expected), xml(summary.seen),
      xml(with_line(summary.mark, measured(summary))));
}

void write_causes(std::ostream& out, const expect::Outage& outage) {
  double total = 0;
  for (const auto& cause : outage.causes)
    if (can_be_drawn(cause.after)) total = std::max(total, cause.after);
  if (outage.causes.empty()) return;
  fmt::print(out, "<div class=\"causes\">\n");
  double before = 0;
  for (const auto& cause : outage.causes) {
    const double after =
        can_be_drawn(cause.after) ? std::clamp(cause.after, before, std::max(before, total)) : before;
    const double from = total > 0 ? before / total * 100 : 0,
                 part = total > 0 ? (after - before) / total * 100 : 0;
    const auto where =
        cause.where.empty() ? "" : fmt::format(" <span class=\"grey\">{}</span>", xml(cause.where));
    fmt::print(
        out,
        "<span>{}{}</span><span class=\"number\">+ {}</span><span class=\"track\"><span class=\"part\" "
        "style=\"margin-left:{:.2f}%;width:{:.2f}%\"></span></span>\n",
        xml(cause.name), where, duration(cause.after), std::min(from, 99.0), part);
    before = after;
  }
  fmt::print(out, "</div>\n");
}

void write_plot(std::ostream& out, const Plot& plot) {
  fmt::print(out, "<figure><figcaption>{}</figcaption>\n", xml(plot.caption));
  try {
    out << plotted(plot.script, Plot::width, Plot::height, plot.caption);
  } catch (const std::runtime_error& error) {
    fmt::print(out, "<p class=\"grey\">This plot could not be drawn: {}</p>\n", xml(error.what()));
  }
  fmt::print(out, "</figure>\n");
}

void write_all(std::ostream& out, const std::vector<Plot>& plots) {
  if (!has_gnuplot() && !plots.empty()) {
    fmt::print(out,
               "<p class=\"grey\">{} left out: gnuplot is not installed here (Debian's package {}).</p>\n",
               count(std::ssize(plots), "plot"), gnuplot_package);
    return;
  }
  fmt::print(out, "<div class=\"plots\">\n");
  for (const auto& plot : plots) write_plot(out, plot);
  fmt::print(out, "</div>\n");
}

void write_table(std::ostream& out, std::span<const Summary> summaries) {
  fmt::print(out,
             "<div class=\"wide\"><table>\n<tr><th></th><th class=\"number\">line</th>"
             "<th>expected</th><th class=\"number\">times</th><th class=\"number\">p50</th><th "
             "class=\"number\">p99</th><th class=\"number\">max</th><th>against its limit</th></tr>\n");
  for (const auto& s : summaries)
    fmt::print(out,
               "<tr class=\"{}\"><td class=\"mark {}\">{}</td><td class=\"number\">{}</td><td>{}</td><td "
               "class=\"number\">{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td><td "
               "class=\"number\">{}</td><td>{}</td></tr>\n",
               word(s.outcome), word(s.outcome), symbol(s.outcome),
               s.mark.line ? std::to_string(s.mark.line) : "", xml(s.expected), s.values.size(),
               xml(measure(s.p50, s.unit)), xml(measure(s.p99, s.unit)), xml(measure(s.max, s.unit)),
               xml(s.seen));
  fmt::print(out, "</table></div>\n");
}

struct Row {
  std::ostream& out;
  const Line& line;

  void operator()(const expect::Moment* moment) const {
    const auto times = line.times > 1 ? fmt::format(" ({} times)", line.times) : "";
    row("", xml(moment->actor), xml(text_of(*moment)) + times);
  }
  void operator()(const Finding* finding) const {
    const auto seen = finding->seen.empty() ? "" : " — " + xml(finding->seen);
    row(finding->outcome == Outcome::passed ? "" : word(finding->outcome), "expected",
        fmt::format("{} {}{}", marked(finding->outcome), xml(finding->expected), seen));
  }
  void operator()(const expect::Done* step) const {
    if (line.fault)
      row("fault", "scenario", fmt::format("#{} {}", line.fault, xml(step->text)));
    else
      row("", "scenario", fmt::format("<span class=\"grey\">{}</span>", xml(step->text)));
  }

  void row(const char* classes, const std::string& who, const std::string& what) const {
    fmt::print(out,
               "<tr class=\"{}\"><td class=\"number\">{}</td><td class=\"who\">{}</td><td>{}</td></tr>\n",
               classes, instant(line.at), who, what);
  }
};

/// Long lists can be folded up, and begin so.
class Fold {
 public:
  Fold(std::ostream& out, bool is_long, const std::string& what) : out_(out), is_long_(is_long) {
    if (is_long_) fmt::print(out_, "<details><summary>{}</summary>\n", xml(what));
  }
  ~Fold() {
    if (is_long_) out_ << "</details>\n";
  }
  Fold(const Fold&) = delete;
  Fold& operator=(const Fold&) = delete;

 private:
  std::ostream& out_;
  bool is_long_;
};

}  // namespace

std::string marked(Outcome outcome) {
  return fmt::format("<span class=\"mark {}\">{} {}</span>", word(outcome), symbol(outcome), word(outcome));
}

void write_failures(std::ostream& out, const ScenarioVerdict& verdict) {
  for (const auto& each : what_failed(verdict))
    std::visit([&](const auto* what) { write_card(out, *what); }, each);
}

void write_timeline(std::ostream& out, const ScenarioVerdict& verdict) {
  const auto svg = timeline_svg(verdict);
  if (!svg.empty()) fmt::print(out, "<h3>Timeline</h3>\n<div class=\"wide\">\n{}</div>\n", svg);
}

void write_outages(std::ostream& out, const ScenarioVerdict& verdict) {
  if (verdict.outages.empty()) return;
  fmt::print(out, "<h3>Outages and their causes</h3>\n");
  const Fold fold(out, verdict.outages.size() > many_outages, count(std::ssize(verdict.outages), "outage"));
  for (const auto& outage : verdict.outages) {
    const int number = fault_number(verdict, outage);
    fmt::print(out, "<p><b>{}</b> after {}{} <span class=\"grey\">({} lost, {} hit, {} … {})</span></p>\n",
               duration(outage.to - outage.from), number ? fmt::format("#{} ", number) : "",
               xml(outage.fault), count(outage.lost, "datagram"), count(outage.flows, "flow"),
               instant(outage.from), instant(outage.to));
    write_causes(out, outage);
  }
}

void write_plots(std::ostream& out, const ScenarioVerdict& verdict, std::span<const Reference> references) {
  const auto all = plots(verdict, references);
  const auto same = unchanged(verdict);
  if (all.empty() && same.empty()) return;
  fmt::print(out, "<h3>Plots</h3>\n");
  write_all(out, all);
  if (!same.empty())
    fmt::print(out, "<p class=\"grey small\">The same throughout: {}.</p>\n",
               xml(fmt::format("{}", fmt::join(same, "; "))));
}

void write_expectations(std::ostream& out, const ScenarioVerdict& verdict) {
  if (verdict.findings.empty()) return;
  fmt::print(out, "<h3>Expectations</h3>\n");
  constexpr std::size_t many = 20;
  const Fold fold(out, verdict.findings.size() > many, count(std::ssize(verdict.findings), "finding"));
  fmt::print(
      out,
      "<div class=\"wide\"><table>\n<tr><th></th><th class=\"number\">line</th><th>expected</th><th>seen</th>"
      "<th class=\"number extra\">window</th></tr>\n");
  for (const auto& finding : verdict.findings)
    fmt::print(out,
               "<tr class=\"{}\"><td class=\"mark {}\">{}</td><td "
               "class=\"number\">{}</td><td>{}</td><td>{}</td><td class=\"number extra\">{} … {}</td></tr>\n",
               word(finding.outcome), word(finding.outcome), symbol(finding.outcome),
               finding.mark.line ? std::to_string(finding.mark.line) : "", xml(finding.expected),
               xml(finding.seen), instant(finding.from), instant(finding.to));
  fmt::print(out, "</table></div>\n");
}

void write_connections(std::ostream& out, const ScenarioVerdict& verdict) {
  if (!verdict.ledger) return;
  const auto& ledger = *verdict.ledger;
  fmt::print(out, "<h3>Connections</h3>\n<ul class=\"ledger\">\n");
  const auto item = [&](int n, const char* what, bool is_loss) {
    fmt::print(out, "<li class=\"{}\"><b>{}</b> {}</li>\n",
               n == 0    ? "grey"
               : is_loss ? "lost"
                         : "kept",
               n, what);
  };
  item(ledger.survived, "survived", false);
  item(ledger.reset, "reset", true);
  item(ledger.closed, "closed", true);
  item(ledger.blackholed, "blackholed", true);
  item(ledger.other_server, "answered by another server", true);
  item(ledger.refused, "refused", true);
  fmt::print(out, "</ul>\n");
}

void write_summaries(std::ostream& out, const ScenarioVerdict& verdict) {
  if (verdict.summaries.empty()) return;
  fmt::print(out, "<h3>Summaries</h3>\n");
  write_table(out, verdict.summaries);
}

void write_rounds(std::ostream& out, const expect::Rounds& rounds, std::span<const Reference> references) {
  fmt::print(out, "<h2>{} over all rounds</h2>\n<p class=\"grey small\">{}</p>\n", xml(one_line(rounds.name)),
             rounds_line(rounds), xml(rounds.file));
  std::vector<Plot> all;
  for (const auto* summaries : {&rounds.summaries, &rounds.outages, &rounds.delays}) {
    if (!summaries->empty()) write_table(out, *summaries);
    std::ranges::move(plots(rounds.name, *summaries, references), std::back_inserter(all));
  }
  if (!all.empty()) write_all(out, all);
}

void write_story(std::ostream& out, const ScenarioVerdict& verdict) {
  const auto lines = story(verdict);
  if (lines.empty()) return;
  fmt::print(out, "<h3>The story</h3>\n");
  const Fold fold(out, lines.size() > many_rows, count(std::ssize(lines), "line"));
  fmt::print(out, "<table>\n<tr><th class=\"number\">time</th><th>who</th><th>what</th></tr>\n");
  for (const auto& line : lines) std::visit(Row{out, line}, line.what);
  fmt::print(out, "</table>\n");
}

}  // namespace lblab::report
