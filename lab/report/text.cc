#include "lab/report/text.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "lab/report/paper.hpp"
#include "lab/report/story.hpp"
#include "lab/report/tally.hpp"
#include "lab/report/words.hpp"

namespace lblab::report {

using expect::Done;
using expect::Finding;
using expect::Moment;
using expect::Outcome;
using expect::ScenarioVerdict;
using expect::Summary;

namespace {

constexpr int time_columns = 13;  // "   12.345 s  "
constexpr int widest_actor = 20;

Ink ink_of(Outcome outcome) {
  return outcome == Outcome::passed ? Ink::good : outcome == Outcome::failed ? Ink::bad : Ink::unsure;
}

class Teller {
 public:
  Teller(const ScenarioVerdict& verdict, Paper& paper) : verdict_(verdict), paper_(paper) {
    for (const auto& moment : verdict.moments)
      actor_columns_ = std::max(actor_columns_, std::min(columns(one_line(moment.actor)), widest_actor));
  }

  void tell() {
    head();
    failures();
    whole_story();
    outages();
    connections();
    summaries();
  }

 private:
  void head() {
    const auto ink = verdict_.trouble.empty() ? ink_of(verdict_.outcome) : Ink::bad;
    const auto mark = paper_.ink(fmt::format("{} {}", symbol(verdict_), word(verdict_)), ink);
    const int indent = columns(symbol(verdict_)) + 1 + columns(word(verdict_)) + 2;
    paper_.line(mark + "  ", indent, verdict_.name, Ink::bold);
    if (!verdict_.about.empty()) paper_.line("  ", 2, verdict_.about);
    paper_.line("  ", 2,
                fmt::format("{}, seed {}, {}", verdict_.file, verdict_.seed, instant(verdict_.seconds)),
                Ink::faint);
    if (!verdict_.trouble.empty())
      paper_.line("  could not be carried out: ", 28, verdict_.trouble, Ink::bad);
  }

  void failures() {
    const auto failed = what_failed(verdict_);
    if (failed.empty()) return;
    paper_.title(verdict_.outcome == Outcome::failed ? "What failed" : "What could not be told");
    for (const auto& each : failed) std::visit([&](const auto* what) { failure(*what); }, each);
  }

  void head_of(const auto& expectation) {
    const auto ink = ink_of(expectation.outcome);
    paper_.line(fmt::format("  {} ", paper_.ink(symbol(expectation.outcome), ink)), 4,
                with_line(expectation.mark, expectation.expected), Ink::bold);
  }

  void failure(const Finding& finding) {
    head_of(finding);
    paper_.line("    ", 4, finding.seen, ink_of(finding.outcome));
    if (finding.jitter > 0)
      paper_.line("    ", 4,
                  fmt::format("between {} and {}, in which this machine was up to {} late",
                              instant(finding.from), instant(finding.to), duration(finding.jitter)),
                  Ink::faint);
    const auto own = own_story(finding);
    for (const auto& cause : own.causes) paper_.line("    ", 6, cause, Ink::bold);
    for (const auto& part : own.rest) paper_.line("      ", 8, part);
  }

  void failure(const Summary& summary) {
    head_of(summary);
    paper_.line("    ", 4, summary.seen, ink_of(summary.outcome));
    paper_.line("    ", 4, measured(summary));
  }

  void whole_story() {
    const auto lines = story(verdict_);
    if (lines.empty()) return;
    paper_.title("The story");
    for (const auto& line : lines) std::visit([&](const auto* what) { tell(line, *what); }, line.what);
  }

  std::string time(double at) const {
    return paper_.ink(fmt::format("{:>{}}", instant(at), time_columns - 2), Ink::faint) + "  ";
  }

  void tell(const Line& line, const Done& step) {
    if (line.fault)
      paper_.line(time(line.at) + paper_.ink("▶ ", Ink::fault), time_columns + 2,
                  fmt::format("#{} {}", line.fault, step.text), Ink::fault);
    else
      paper_.line(time(line.at) + "· ", time_columns + 2, step.text, Ink::faint);
  }

  void tell(const Line& line, const Moment& moment) {
    const int indent = time_columns + 4 + actor_columns_ + 1;
    const auto actor = padded(one_line(moment.actor), actor_columns_ + 1);
    const auto times = line.times > 1 ? fmt::format(" ({} times)", line.times) : "";
    paper_.line(time(line.at) + "    " + actor, std::max(indent, time_columns + 4 + columns(actor)),
                text_of(moment) + times);
  }

  void tell(const Line& line, const Finding& finding) {
    const auto ink = ink_of(finding.outcome);
    const auto text = finding.seen.empty() ? finding.expected : finding.expected + " — " + finding.seen;
    paper_.line(time(line.at) + paper_.ink(symbol(finding.outcome), ink) + " ", time_columns + 2, text,
                finding.outcome == Outcome::passed ? Ink::plain : ink);
  }

  void outages() {
    if (verdict_.outages.empty()) return;
    paper_.title("Outages");
    for (const auto& outage : verdict_.outages) {
      paper_.line(
          fmt::format("  {:>9}  ", duration(outage.to - outage.from)), 13,
          fmt::format("after {}: {} lost, {} hit, {} … {}", numbered(outage), count(outage.lost, "datagram"),
                      count(outage.flows, "flow"), instant(outage.from), instant(outage.to)));
      for (const auto& cause : outage.causes)
        paper_.line(fmt::format("{:>{}}  ", "+ " + duration(cause.after), time_columns + 10),
                    time_columns + 12,
                    cause.where.empty() ? cause.name : fmt::format("{} ({})", cause.name, cause.where));
    }
  }

  std::string numbered(const expect::Outage& outage) const {
    const int number = fault_number(verdict_, outage);
    return number ? fmt::format("#{} {}", number, outage.fault) : outage.fault;
  }

  void connections() {
    if (!verdict_.ledger) return;
    const auto& l = *verdict_.ledger;
    paper_.title("Connections");
    paper_.line("    ", 4,
                fmt::format("{} survived, {} reset, {} closed, {} blackholed, {} answered by another server, "
                            "{} refused",
                            l.survived, l.reset, l.closed, l.blackholed, l.other_server, l.refused));
  }

  void summaries() {
    if (verdict_.summaries.empty()) return;
    paper_.title("Summaries");
    for (const auto& summary : verdict_.summaries) {
      head_of(summary);
      paper_.line("    ", 4, measured(summary));
      if (!summary.seen.empty()) paper_.line("    ", 4, summary.seen, ink_of(summary.outcome));
    }
  }

  const ScenarioVerdict& verdict_;
  Paper& paper_;
  int actor_columns_ = 0;
};

}  // namespace

void write_text(std::ostream& out, const ScenarioVerdict& verdict, Style style) {
  Paper paper(out, style);
  Teller(verdict, paper).tell();
}

void write_text(std::ostream& out, const expect::Rounds& rounds, Style style) {
  Paper paper(out, style);
  paper.title(fmt::format("{} over {}", one_line(rounds.name), rounds_line(rounds)));
  const auto tell = [&](const std::vector<Summary>& summaries) {
    for (const auto& summary : summaries) {
      const bool is_judged = has_limit(summary);
      const auto ink = is_judged ? ink_of(summary.outcome) : Ink::plain;
      paper.line(fmt::format("  {} ", is_judged ? paper.ink(symbol(summary.outcome), ink) : "·"), 4,
                 with_line(summary.mark, summary.expected), Ink::bold);
      paper.line("    ", 4, measured(summary));
      if (is_judged) paper.line("    ", 4, "over all rounds: " + summary.seen, ink);
    }
  };
  tell(rounds.summaries);
  tell(rounds.outages);
  tell(rounds.delays);
}

void write_text(std::ostream& out, std::span<const ScenarioVerdict> verdicts, Style style) {
  Paper paper(out, style);
  for (const auto& verdict : verdicts) {
    write_text(out, verdict, style);
    paper.blank();
  }
  for (const auto& rounds : expect::over_rounds(verdicts)) {
    write_text(out, rounds, style);
    paper.blank();
  }
  const auto worst = outcome_of(verdicts);
  paper.line("", 0, verdict_line(verdicts), ink_of(worst));
}

}  // namespace lblab::report
