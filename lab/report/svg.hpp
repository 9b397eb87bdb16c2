#pragma once

#include <string>
#include <string_view>

namespace lblab::report {

struct Point {
  double x = 0, y = 0;
};

struct Box {
  double x = 0, y = 0, width = 0, height = 0;
  double right() const { return x + width; }
  double bottom() const { return y + height; }
  Point middle() const { return {x + width / 2, y + height / 2}; }
};

/// Roughly how wide a text of that size is drawn (px): wide enough for the usual sans-serif and monospaced
/// fonts, so that boxes can be made before anything is drawn.
double text_width(std::string_view text, double size);

/// The text, or as much of it as has room and "…"; empty where there is room for nothing.
std::string shortened(std::string_view text, double size, double room);

/// An SVG document in the making. Elements are styled by class. Texts are escaped here; a `title` is what a
/// browser shows on hovering.
class Svg {
 public:
  void rect(const Box&, double radius, std::string_view classes, std::string_view title = {});
  void line(Point from, Point to, std::string_view classes);
  void circle(Point middle, double radius, std::string_view classes, std::string_view title = {});
  void path(std::string_view commands, std::string_view classes);
  void text(Point at, std::string_view classes, std::string_view text, std::string_view title = {});

  /// The whole, with its viewBox and a name for those who do not see it. `style` is CSS.
  std::string document(double width, double height, std::string_view classes, std::string_view name,
                       std::string_view style = {}) const;

 private:
  std::string body_;
};

/// A coordinate with a decimal; what is not finite is 0.
std::string coordinate(double value);

}  // namespace lblab::report
