#include <gmock/gmock.h>

#include <array>
#include <cstdlib>
#include <sstream>

#include "golden.hpp"
#include "lab/model/parse.hpp"
#include "lab/report/html.hpp"
#include "lab/report/timeline.hpp"
#include "lab/report/topology.hpp"
#include "report_oracle.hpp"
#include "report_sample.hpp"

namespace lblab {
namespace {

using expect::Outcome;
using expect::ScenarioVerdict;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string page_of(const std::vector<ScenarioVerdict>& verdicts, std::string_view topology = "",
                    const std::vector<report::Reference>& references = {}) {
  std::ostringstream out;
  report::write_html(out, verdicts, topology, references);
  return out.str();
}

std::string picture_of(const std::string& yaml) {
  const auto parsed = model::parse(yaml);
  return report::topology_svg(parsed.cluster.value());
}

/// What python's HTML parser finds: tags that are not closed or closed by none, ids that are there twice,
/// tags and attributes that would fetch or run something, and the text.
nlohmann::json look_at(const std::string& page) {
  return test::python(R"(
from html.parser import HTMLParser
class Page(HTMLParser):
    void = {'meta', 'br', 'hr', 'img', 'link', 'input'}
    def __init__(self):
        super().__init__()
        self.open, self.wrong, self.foreign, self.ids, self.words, self.tags = [], [], [], [], [], {}
    def handle_starttag(self, tag, attributes):
        self.look(tag, attributes)
        if tag not in self.void: self.open.append(tag)
    def handle_startendtag(self, tag, attributes): self.look(tag, attributes)
    def look(self, tag, attributes):
        self.tags[tag] = self.tags.get(tag, 0) + 1
        if tag in ('script', 'img', 'link', 'iframe', 'object', 'embed', 'image', 'use', 'base', 'form'):
            self.foreign.append(tag)
        for name, value in attributes:
            if name == 'id': self.ids.append(value)
            if name.startswith('on') or name in ('src', 'srcset', 'action', 'xlink:href'): self.foreign.append(name)
            if name == 'href' and not value.startswith('#'): self.foreign.append(value)
            if value and 'url(' in value: self.foreign.append(value)
    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag: self.wrong.append(tag)
    def handle_data(self, data):
        if self.open and self.open[-1] == 'style':
            if 'url(' in data or '@import' in data: self.foreign.append(data)
        else: self.words.append(data)
page = Page()
page.feed(text.decode('utf-8'))
page.close()
print(json.dumps(dict(open=page.open, wrong=page.wrong, foreign=page.foreign, tags=page.tags,
                      twice=[i for i in set(page.ids) if page.ids.count(i) > 1], words=' '.join(page.words))))
)",
                      page);
}

void expect_sound(const nlohmann::json& page) {
  EXPECT_THAT(page.at("open"), IsEmpty());
  EXPECT_THAT(page.at("wrong"), IsEmpty());
  EXPECT_THAT(page.at("foreign"), IsEmpty());
  EXPECT_THAT(page.at("twice"), IsEmpty());
}

int count_of(const nlohmann::json& page, const char* tag) { return page.at("tags").value(tag, 0); }

std::string words_of(const nlohmann::json& page) { return page.at("words"); }

class Path {
 public:
  explicit Path(const char* value) : before_(std::getenv("PATH")) { ::setenv("PATH", value, 1); }
  ~Path() { ::setenv("PATH", before_.c_str(), 1); }
  Path(const Path&) = delete;
  Path& operator=(const Path&) = delete;

 private:
  std::string before_;
};

TEST(ReportHtml, IsOneSoundPageThatFetchesAndRunsNothing) {
  const auto page =
      look_at(page_of({test::failover(), test::repeats(), test::inconclusive(), test::troubled()},
                      picture_of(test::topology("ecmp.yaml"))));
  expect_sound(page);
  EXPECT_EQ(count_of(page, "svg"), 1 + 3 + 4 + 2)
      << "the topology, timelines, plots of failover and of repeats";
}

TEST(ReportHtml, SaysTheVerdictThenWhatFailedThenTheStory) {
  const auto words = words_of(look_at(page_of({test::failover()})));
  const auto verdict = words.find("1 of 1 scenario failed"), failed = words.find("What failed"),
             cause = words.find("likely: nothing withdraws"), course = words.find("+9.090 s  rr"),
             story = words.find("The story");
  EXPECT_LT(verdict, failed);
  EXPECT_LT(failed, cause);
  EXPECT_LT(cause, course);
  EXPECT_LT(course, story);
  EXPECT_NE(story, std::string::npos);
}

TEST(ReportHtml, ShowsAnyTextAsItIs) {
  const auto page = look_at(page_of({test::hostile()}));
  expect_sound(page);
  EXPECT_THAT(words_of(page), AllOf(HasSubstr("<script>alert(\"1\")</script> & 'ünïcode' → ✓ ]]> ␛[31mred␇"),
                                    HasSubstr("--> <!-- -- <![CDATA[")));
}

TEST(ReportHtml, HasNoNumberThatIsNone) {
  for (const auto& verdict : {test::single(), test::impossible(), ScenarioVerdict{}}) {
    const auto text = page_of({verdict});
    expect_sound(look_at(text));
    const auto body = text.substr(text.find("<body>"));
    EXPECT_THAT(body, Not(testing::ContainsRegex("[^a-z](nan|inf)[^a-z]")));
    EXPECT_THAT(body, Not(HasSubstr("could not be drawn")));
  }
}

TEST(ReportHtml, OfNothingSaysSo) {
  const auto page = look_at(page_of({}));
  expect_sound(page);
  EXPECT_THAT(words_of(page), HasSubstr("no scenario was run"));
}

TEST(ReportHtml, PutsOthersFiguresBesideASummary) {
  const std::vector<report::Reference> papers{{"figure-4-15", 0, "papers' p99", 8.9, "s"},
                                              {"another", 0, "another's p99", 7.7, "s"}};
  const auto words = words_of(look_at(page_of({test::repeats()}, "", papers)));
  EXPECT_THAT(words, HasSubstr("papers' p99 8.90 s"));
  EXPECT_THAT(words, Not(HasSubstr("7.70 s")));
}

TEST(ReportHtml, WithoutGnuplotNamesThePackageAndHasAllElse) {
  const Path nowhere("/nonexistent");
  const auto page = look_at(page_of({test::failover()}));
  expect_sound(page);
  EXPECT_THAT(words_of(page),
              AllOf(HasSubstr("gnuplot-nox"), HasSubstr("What failed"), HasSubstr("The story")));
  EXPECT_EQ(count_of(page, "svg"), 1) << "the timeline";
}

TEST(ReportHtml, IsTheSameEachTime) {
  EXPECT_EQ(page_of({test::failover(), test::repeats()}), page_of({test::failover(), test::repeats()}));
}

TEST(ReportTimeline, NumbersFaultsAndHasALaneForEachActor) {
  const auto words = words_of(look_at(report::timeline_svg(test::failover())));
  for (const char* lane : {"faults", "web-lb-2", "rr", "router", "probe http", "node1", "expected"})
    EXPECT_THAT(words, HasSubstr(lane));
  EXPECT_THAT(words, HasSubstr("24.500 s  #5 crash node1"));
}

TEST(ReportTimeline, OfManyEventsInOnePlaceIsOneMark) {
  ScenarioVerdict verdict{.seconds = 10};
  for (int i = 0; i < 5000; ++i)
    verdict.moments.push_back({5 + i * 1e-6, "router", "route", "change " + std::to_string(i)});
  const auto svg = look_at(report::timeline_svg(verdict));
  EXPECT_EQ(count_of(svg, "circle"), 1);
  EXPECT_THAT(words_of(svg), AllOf(HasSubstr("5000"), HasSubstr("… and 4980 more")));
}

TEST(ReportTimeline, OfNothingIsNothing) { EXPECT_EQ(report::timeline_svg({}), ""); }

TEST(ReportTopology, ShowsEveryHostPodAndAddressOfTheCluster) {
  const auto svg = look_at(picture_of(test::topology("ecmp.yaml")));
  expect_sound(svg);
  const auto words = words_of(svg);
  for (const char* word :
       {"client", "192.0.2.10", "router", "192.0.2.1", "10.0.0.110", "rr", "route reflector", "node3",
        "10.0.0.107", "172.16.3.0/24", "web-lb-3", "172.16.3.4", "web-6", "172.16.3.3", "internet",
        "192.0.2.0/24", "node-net", "AS 65021, gobgp", "service web: 10.1.1.0/24 port 80"})
    EXPECT_THAT(words, HasSubstr(word));
}

TEST(ReportTopology, DrawsPlainLinksBetweenTheirInterfaces) {
  const auto svg = look_at(picture_of(test::topology("plain.yaml")));
  expect_sound(svg);
  EXPECT_EQ(count_of(svg, "path"), 2) << "a line a link";
  for (const char* word : {"r1", "r2", "r3", "eth0 10.0.12.1/30", "eth1 10.0.23.1/30"})
    EXPECT_THAT(words_of(svg), HasSubstr(word));
}

struct Drawn {
  double width, height;
  std::vector<std::array<double, 4>> hosts;  // left, top, right, bottom
};
/// As python's XML parser reads it.
Drawn drawn(const std::string& svg) {
  const auto read = test::python(R"(
import xml.etree.ElementTree as tree
root = tree.fromstring(text)
r = [e.attrib for e in root.iter('{http://www.w3.org/2000/svg}rect') if e.get('class') == 'lt-host']
print(json.dumps([[float(n) for n in root.get('viewBox').split()],
                  [[float(b['x']), float(b['y']), float(b['x']) + float(b['width']), float(b['y']) + float(b['height'])]
                   for b in r]])))",
                                 svg);
  return {read.at(0).at(2), read.at(0).at(3), read.at(1)};
}

TEST(ReportTopology, BoxesNeitherMeetNorLeaveThePicture) {
  const std::string ring = R"(
name: ring
nodes: {a: {}, b: {}, c: {}, d: {}, e: {}}
links:
  - [a:eth0, b:eth0]
  - [b:eth1, c:eth0]
  - [c:eth1, d:eth0]
  - [d:eth1, e:eth0]
  - [e:eth1, a:eth1]
  - [a:eth2, b:eth2]
)";
  const std::string three_networks = R"(
name: three
networks: {x: {subnet: 10.1.0.0/24}, y: {subnet: 10.2.0.0/24}, z: {subnet: 10.3.0.0/24}}
nodes:
  a: {interfaces: {x: 10.1.0.1}}
  b: {interfaces: {x: 10.1.0.2, z: 10.3.0.2}}
  c: {interfaces: {x: 10.1.0.3, y: 10.2.0.3}}
  d: {interfaces: {z: 10.3.0.4}}
  e: {}
  f: {}
links: [[e:eth0, f:eth0], [d:eth1, f:eth1]]
)";
  for (const auto& [yaml, hosts] : {std::pair{test::topology("ecmp.yaml"), 6U},
                                    {test::topology("plain.yaml"), 3U},
                                    {test::topology("two-services.yaml"), 6U},
                                    {ring, 5U},
                                    {three_networks, 6U}}) {
    const auto [width, height, boxes] = drawn(picture_of(yaml));
    ASSERT_EQ(boxes.size(), hosts) << yaml;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      const auto& a = boxes[i];
      EXPECT_TRUE(a[0] >= 0 && a[1] >= 0 && a[2] <= width && a[3] <= height) << yaml;
      for (std::size_t j = 0; j < i; ++j) {
        const auto& b = boxes[j];
        EXPECT_TRUE(a[2] < b[0] || b[2] < a[0] || a[3] < b[1] || b[3] < a[1])
            << i << " meets " << j << " in " << yaml;
      }
    }
  }
}

}  // namespace
}  // namespace lblab
