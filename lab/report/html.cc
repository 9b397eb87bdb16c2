#include "lab/report/html.hpp"

#include <fmt/core.h>
#include <fmt/ostream.h>

#include "lab/report/html_parts.hpp"
#include "lab/report/story.hpp"
#include "lab/report/tally.hpp"
#include "lab/report/words.hpp"

namespace lblab::report {

using expect::ScenarioVerdict;

namespace {

/// What colours the whole, as a word of Outcome's.
const char* colour_of(std::span<const ScenarioVerdict> verdicts) { return word(outcome_of(verdicts)); }

const char* colour_of(const ScenarioVerdict& verdict) { return colour_of({&verdict, 1}); }

std::string mark_of(const ScenarioVerdict& verdict) {
  return fmt::format("<span class=\"mark {}\">{} {}</span>", colour_of(verdict), symbol(verdict),
                     word(verdict));
}

void write_list(std::ostream& out, std::span<const ScenarioVerdict> verdicts) {
  if (verdicts.size() < 2) return;
  fmt::print(out,
             "<div class=\"wide\"><table>\n<tr><th></th><th>scenario</th><th class=\"extra\">file</th><th "
             "class=\"number\">held</th>"
             "<th class=\"number\">took</th></tr>\n");
  int n = 0;
  for (const auto& verdict : verdicts) {
    const auto tally = expectations(verdict);
    fmt::print(out,
               "<tr><td>{}</td><td><a href=\"#s{}\">{}</a></td><td class=\"grey extra\">{}</td><td "
               "class=\"number\">{} of "
               "{}</td><td class=\"number\">{}</td></tr>\n",
               mark_of(verdict), ++n, xml(one_line(verdict.name)), xml(verdict.file), tally.passed,
               tally.all(), instant(verdict.seconds));
  }
  fmt::print(out, "</table></div>\n");
}

void write_trouble(std::ostream& out, const ScenarioVerdict& verdict) {
  if (!verdict.trouble.empty())
    fmt::print(out, "<div class=\"card failed\"><p><b>could not be carried out:</b> {}</p></div>\n",
               xml(verdict.trouble));
}

void write_what_failed(std::ostream& out, std::span<const ScenarioVerdict> verdicts) {
  int n = 0;
  bool is_first = true;
  for (const auto& verdict : verdicts) {
    ++n;
    if (what_failed(verdict).empty() && verdict.trouble.empty()) continue;
    if (is_first) {
      const auto tally = scenarios(verdicts);
      fmt::print(out, "<h2>{}</h2>\n",
                 tally.failed || tally.troubled ? "What failed" : "What could not be told");
    }
    is_first = false;
    if (verdicts.size() > 1)
      fmt::print(out, "<h3><a href=\"#s{}\">{}</a></h3>\n", n, xml(one_line(verdict.name)));
    write_trouble(out, verdict);
    write_failures(out, verdict);
  }
}

void write_scenario(std::ostream& out, const ScenarioVerdict& verdict, int n,
                    std::span<const Reference> references) {
  fmt::print(out, "<section id=\"s{}\">\n<h2>{} {}</h2>\n", n, xml(one_line(verdict.name)), mark_of(verdict));
  if (!verdict.about.empty()) fmt::print(out, "<p>{}</p>\n", xml(verdict.about));
  fmt::print(out, "<p class=\"grey small\">{}, seed {}, {}</p>\n", xml(verdict.file), verdict.seed,
             instant(verdict.seconds));
  write_timeline(out, verdict);
  write_outages(out, verdict);
  write_plots(out, verdict, references);
  write_summaries(out, verdict);
  write_connections(out, verdict);
  write_expectations(out, verdict);
  write_story(out, verdict);
  fmt::print(out, "</section>\n");
}

}  // namespace

void write_html(std::ostream& out, std::span<const ScenarioVerdict> verdicts, std::string_view topology_svg,
                std::span<const Reference> references) {
  const auto line = xml(verdict_line(verdicts));
  fmt::print(out,
             "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
             "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
             "'unsafe-inline'\">\n<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n"
             "<header class=\"verdict {}\"><h1>{}</h1></header>\n",
             line, style(), colour_of(verdicts), line);
  write_list(out, verdicts);
  write_what_failed(out, verdicts);
  for (const auto& rounds : expect::over_rounds(verdicts)) write_rounds(out, rounds, references);
  if (!topology_svg.empty())
    fmt::print(out, "<h2>Topology</h2>\n<div class=\"wide\">\n{}</div>\n", topology_svg);
  int n = 0;
  for (const auto& verdict : verdicts) write_scenario(out, verdict, ++n, references);
  fmt::print(out,
             "<footer>Written by lblab. Times are seconds since the scenario began; #1, #2 … number its "
             "faults.</footer>\n</body>\n</html>\n");
}

}  // namespace lblab::report
