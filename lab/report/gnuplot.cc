#include "lab/report/gnuplot.hpp"

#include <fmt/core.h>
#include <poll.h>
#include <sys/mman.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <regex>
#include <stdexcept>

#include "lab/report/words.hpp"
#include "lab/sys/error.hpp"
#include "lab/sys/process.hpp"

namespace lblab::report {

namespace {

constexpr int limit_ms = 60'000;

constexpr std::array colours{
    Colour{"@ink", "#1f2933", "#e4e9f0"},   Colour{"@grey", "#52606d", "#a8b3c2"},
    Colour{"@grid", "#d9dee5", "#333d4a"},  Colour{"@good", "#2f7d46", "#62b97d"},
    Colour{"@bad", "#b3261e", "#f2786f"},   Colour{"@blue", "#2563a8", "#6ea8ec"},
    Colour{"@fault", "#7a3fa0", "#c08be6"}, Colour{"@paper", "#b0640c", "#e3a04f"},
};

/// Files in memory, not pipes: neither side waits for the other.
sys::Fd scratch() {
  return sys::Fd{sys::check("make a file in memory", ::memfd_create("gnuplot", MFD_CLOEXEC))};
}

sys::Fd scratch(std::string_view text) {
  sys::Fd file = scratch();
  while (!text.empty()) {
    const auto n = ::write(file.get(), text.data(), text.size());
    sys::check("write a file in memory", static_cast<int>(n));
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  sys::check("rewind a file in memory", static_cast<int>(::lseek(file.get(), 0, SEEK_SET)));
  return file;
}

std::string content(const sys::Fd& file) {
  return sys::read_file("/proc/self/fd/" + std::to_string(file.get()));
}

std::string with_colours(std::string_view script) {
  std::string out(script);
  for (const auto& colour : palette())
    for (auto at = out.find(colour.name); at != std::string::npos; at = out.find(colour.name, at))
      out.replace(at, colour.name.size(), colour.light);
  return out;
}

/// As gnuplot writes it: padded in strokes, not in fills.
std::array<std::string, 3> spellings(std::string_view rrggbb) {
  std::array<int, 3> c{};
  for (std::size_t i = 0; i < 3; ++i)
    std::from_chars(rrggbb.data() + 1 + 2 * i, rrggbb.data() + 3 + 2 * i, c[i], 16);
  return {fmt::format("rgb({:3}, {:3}, {:3})", c[0], c[1], c[2]),
          fmt::format("rgb({},{},{})", c[0], c[1], c[2]), fmt::format("rgb({}, {}, {})", c[0], c[1], c[2])};
}

/// Definitions of point shapes and filters, which no plot of ours uses, empty groups and ids, which would be
/// there once for every plot of the page.
std::string inner(const std::string& document) {
  const auto begin = document.find("<g id=\"gnuplot_canvas\">");
  const auto end = document.rfind("</svg>");
  if (begin == std::string::npos || end == std::string::npos)
    throw std::runtime_error("gnuplot drew nothing");
  auto text = document.substr(begin, end - begin);
  const auto defs = text.find("<defs>"), after = text.find("</defs>");
  if (after != std::string::npos) text.erase(defs, after + 7 - defs);
  static const std::regex id(R"re( id="[^"]*")re"), empty_group("<g [^>]*>\\s*</g>"),
      title("<title>[^<]*</title>");
  text = std::regex_replace(text, id, "");
  text = std::regex_replace(text, title, "");
  return std::regex_replace(text, empty_group, "");
}

std::string path() {
  const char* own = std::getenv("PATH");
  return own ? own : sys::standard_path;
}

std::string run(std::string_view script) {
  const sys::Fd in = scratch(script), out = scratch(), err = scratch();
  sys::Command command;
  command.argv = {"gnuplot", "-d"};  // as it is made: nobody's own settings
  command.environment = {"PATH=" + path(), "LC_ALL=C.UTF-8"};
  command.in = in.get();
  command.out = out.get();
  command.err = err.get();
  auto gnuplot = sys::spawn(command);
  pollfd ended{gnuplot.fd().get(), POLLIN, 0};
  if (::poll(&ended, 1, limit_ms) == 0) throw std::runtime_error("gnuplot did not end");
  const auto exit = gnuplot.wait();
  if (exit.code() != 0) throw std::runtime_error("gnuplot: " + exit.str() + ": " + content(err));
  return content(out);
}

std::string head(int width, int height, std::string_view further) {
  return fmt::format(
      "set encoding utf8\nset terminal svg size {},{} dynamic noenhanced butt font 'sans-serif,14' {}\n",
      width, height, further);
}

}  // namespace

bool has_gnuplot() { return !sys::find_program("gnuplot", path()).empty(); }

std::span<const Colour> palette() { return colours; }

std::string plot_style() {
  std::string css = "@media (prefers-color-scheme: dark){\n";
  for (const auto& colour : palette())
    for (const auto& spelling : spellings(colour.light))
      for (const char* property : {"stroke", "fill"})
        css += fmt::format(".plot [{0}=\"{1}\"]{{{0}:{2}}}\n", property, spelling, colour.dark);
  return css + "}\n";
}

std::string plotted(std::string_view script, int width, int height, std::string_view name) {
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plot\" role=\"img\" viewBox=\"0 0 {} {}\">\n"
      "<title>{}</title>{}</svg>\n",
      width, height, xml(name), inner(run(head(width, height, "") + with_colours(script))));
}

std::string plot_document(std::string_view script, int width, int height) {
  return run(head(width, height, "background '#ffffff'") + with_colours(script));
}

}  // namespace lblab::report
