#include "lab/report/svg.hpp"

#include <fmt/core.h>

#include <cmath>

#include "lab/report/paper.hpp"
#include "lab/report/words.hpp"

namespace lblab::report {

namespace {

constexpr double em_per_character = 0.61;

std::string titled(const char* tag, std::string_view title) {
  return title.empty() ? "/>\n" : fmt::format("><title>{}</title></{}>\n", xml(title), tag);
}

}  // namespace

double text_width(std::string_view text, double size) { return columns(text) * size * em_per_character; }

std::string shortened(std::string_view text, double size, double room) {
  auto out = one_line(text);
  if (text_width(out, size) <= room) return out;
  while (!out.empty() && text_width(out + "…", size) > room) {
    while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xC0) == 0x80) out.pop_back();
    if (!out.empty()) out.pop_back();
  }
  return out.empty() ? out : out + "…";
}

std::string coordinate(double value) { return fmt::format("{:.1f}", std::isfinite(value) ? value : 0.0); }

void Svg::rect(const Box& box, double radius, std::string_view classes, std::string_view title) {
  body_ += fmt::format(R"(<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="{}")", classes,
                       coordinate(box.x), coordinate(box.y), coordinate(box.width), coordinate(box.height),
                       coordinate(radius));
  body_ += titled("rect", title);
}

void Svg::line(Point from, Point to, std::string_view classes) {
  body_ += fmt::format(R"(<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>)", classes, coordinate(from.x),
                       coordinate(from.y), coordinate(to.x), coordinate(to.y));
  body_ += '\n';
}

void Svg::circle(Point middle, double radius, std::string_view classes, std::string_view title) {
  body_ += fmt::format(R"(<circle class="{}" cx="{}" cy="{}" r="{}")", classes, coordinate(middle.x),
                       coordinate(middle.y), coordinate(radius));
  body_ += titled("circle", title);
}

void Svg::path(std::string_view commands, std::string_view classes) {
  body_ += fmt::format(R"(<path class="{}" d="{}"/>)", classes, commands);
  body_ += '\n';
}

void Svg::text(Point at, std::string_view classes, std::string_view text, std::string_view title) {
  const auto hint = title.empty() ? "" : fmt::format("<title>{}</title>", xml(title));
  body_ += fmt::format(R"(<text class="{}" x="{}" y="{}">{}{}</text>)", classes, coordinate(at.x),
                       coordinate(at.y), hint, xml(one_line(text)));
  body_ += '\n';
}

std::string Svg::document(double width, double height, std::string_view classes, std::string_view name,
                          std::string_view style) const {
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"{}\" role=\"img\" viewBox=\"0 0 {} {}\" "
      "width=\"{}\" height=\"{}\" font-family=\"system-ui, 'DejaVu Sans', Helvetica, Arial, sans-serif\">\n"
      "<title>{}</title>\n{}{}</svg>\n",
      classes, coordinate(width), coordinate(height), coordinate(width), coordinate(height), xml(name),
      style.empty() ? "" : fmt::format("<style>{}</style>\n", style), body_);
}

}  // namespace lblab::report
