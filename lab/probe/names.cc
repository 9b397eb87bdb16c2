#include "lab/probe/names.hpp"

#include <array>
#include <stdexcept>
#include <string>

namespace lblab::probe {

namespace {

// In the order of the enumerations.
constexpr std::array<std::string_view, 7> request_ends = {"answered",  "refused",     "reset",     "closed",
                                                          "timed_out", "unreachable", "unfinished"};
constexpr std::array<std::string_view, 5> flow_ends = {"survived", "refused", "reset", "closed", "silent"};

template <class End, class Names>
End find(const Names& names, std::string_view name) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == name) return static_cast<End>(i);
  throw std::runtime_error("\"" + std::string(name) + "\" is no way to end");
}

}  // namespace

std::string_view name(Request::End end) { return request_ends.at(static_cast<std::size_t>(end)); }
std::string_view name(Flow::End end) { return flow_ends.at(static_cast<std::size_t>(end)); }

Request::End request_end(std::string_view name) { return find<Request::End>(request_ends, name); }
Flow::End flow_end(std::string_view name) { return find<Flow::End>(flow_ends, name); }

}  // namespace lblab::probe
