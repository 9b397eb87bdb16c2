#include "lab/observe/ipvs_life.hpp"

#include <array>
#include <charconv>
#include <vector>

#include "lab/observe/proc_file.hpp"
#include "lab/sys/address.hpp"

namespace lblab::observe {

namespace {

constexpr int hexadecimal = 16;

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> all;
  while (!line.empty()) {
    const auto begin = std::min(line.find_first_not_of(' '), line.size());
    line.remove_prefix(begin);
    const auto end = std::min(line.find(' '), line.size());
    if (end) all.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return all;
}

template <class Number>
std::optional<Number> number(std::string_view word) {
  Number value{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, hexadecimal);
  return error == std::errc{} && end == word.data() + word.size() ? std::optional{value} : std::nullopt;
}

/// The next line, taken off the text; none where it has no end.
std::optional<std::string_view> next_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == text.npos) return std::nullopt;
  const auto line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

/// IPv4 addresses are eight hexadecimal digits, those of IPv6 in their own notation; ports four digits.
std::optional<std::string> end_point(std::string_view address, std::string_view port) {
  const auto port_number = number<std::uint16_t>(port);
  if (!port_number) return std::nullopt;
  const std::string colon_port = ":" + std::to_string(*port_number);
  if (address.find(':') != address.npos) {
    const auto parsed = sys::Address::parse(address);
    return parsed ? std::optional{"[" + parsed->str() + "]" + colon_port} : std::nullopt;
  }
  const auto v4 = number<std::uint32_t>(address);
  return v4 ? std::optional{sys::Address::v4(*v4).str() + colon_port} : std::nullopt;
}

}  // namespace

/// Protocol, client and its port, virtual address and port, real server and port, state, seconds left.
IpvsConnections parse_ipvs_connections(std::string_view text) {
  constexpr std::size_t server = 5, port = 6, state = 7;
  IpvsConnections connections;
  next_line(text);  // the heading
  while (const auto line = next_line(text)) {
    const auto columns = words(*line);
    if (columns.size() <= state) continue;
    if (const auto where = end_point(columns[server], columns[port]))
      ++connections.of[*where][std::string(columns[state])];
  }
  return connections;
}

IpvsConnections read_ipvs_connections(const sys::Netns& netns, std::size_t most_bytes) {
  const auto text = read_inside(netns, "/proc/thread-self/net/ip_vs_conn", most_bytes);
  auto connections = parse_ipvs_connections(text);
  connections.cut = text.size() >= most_bytes;
  return connections;
}

/// Two lines of names, then for each CPU: its number, connections, packets in, packets out, bytes in, bytes
/// out; in hexadecimal. Then a line of all together ("~"), and rates.
std::optional<IpvsCounters> parse_ipvs_totals(std::string_view text) {
  std::optional<IpvsCounters> totals;
  while (const auto line = next_line(text)) {
    const auto columns = words(*line);
    constexpr std::size_t of_cpu = 6;
    if (columns.size() != of_cpu || !number<std::uint32_t>(columns[0])) continue;
    if (!totals) totals.emplace();
    const std::array into{&totals->connections, &totals->packets_in, &totals->packets_out, &totals->bytes_in,
                          &totals->bytes_out};
    for (std::size_t i = 0; i < into.size(); ++i)
      *into[i] += number<std::uint64_t>(columns[i + 1]).value_or(0);
  }
  return totals;
}

std::optional<IpvsCounters> read_ipvs_totals(const sys::Netns& netns) {
  return parse_ipvs_totals(read_inside(netns, "/proc/thread-self/net/ip_vs_stats_percpu"));
}

}  // namespace lblab::observe
