#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/model/diagnostic.hpp"

/// What `lblab bench` measures: a topology in many variants, and what is measured of each.
namespace lblab::model {

/// One thing that differs. `name`: a short one (bench_axes()), or a key of the topology written with dots.
struct Axis {
  std::string name;
  std::vector<std::string> values;  // as written; each once
  bool operator==(const Axis&) const = default;
};

struct Load {
  int connections = 20, threads = 1;
  std::chrono::milliseconds time{3'000}, warm{1'000};
  int rate = 100;  // requests a second; latency only
};

/// Somebody else's figures, in their own unit: only their ratios count.
struct PaperFigures {
  std::string source;
  std::vector<double> at;  // where along x the figures are; empty: at the bench's own values
  std::map<std::string, std::vector<double>> figures;  // by series; one for each of those, or a single one
};

struct Bench {
  /// instructions: of requests counted in a guest; a file cannot ask for it.
  enum class Measure { throughput, cpu, latency, bytes, instructions };
  std::string name, about;
  std::vector<std::string> figures;  // "4.6"; one for each measure, or one for all; empty: it repeats none
  std::string service;               // whose address is asked
  std::vector<Axis> vary;
  std::map<std::string, std::string> set;  // for all variants
  std::vector<Measure> measures;           // the first is what `paper` has
  Load load;
  int rounds = 5;
  std::string baseline;  // a variant's name; empty: the first
  std::optional<PaperFigures> paper;
  Mark mark = {};

  /// The axis along which a plot runs: the first whose values are whole numbers, of which there are several.
  const Axis* x() const;
};

/// One point of the matrix: a value for each axis, in the axes' order.
struct BenchVariant {
  std::vector<std::string> values;
  std::string name;         // the values, with dots between: "ipvs-tunnel.4"
  std::string series;       // the same without x's; the name of x's axis where nothing else is left
  std::optional<double> x;  // the value of x's axis

  bool operator==(const BenchVariant&) const = default;
};

/// Every combination, the last axis varying fastest.
std::vector<BenchVariant> variants(const Bench&);

/// How many there would be; at most `most` + 1.
std::size_t variant_count(const Bench&, std::size_t most);

/// In the order in which they come first.
std::vector<std::string> series(const Bench&);

/// The papers' figure for a variant; nothing if there is none.
std::optional<double> paper_figure(const Bench&, const BenchVariant&);

/// All their figures of a series, along x; empty where nothing runs along x.
std::vector<std::pair<double, double>> paper_line(const Bench&, const std::string& series);

/// Short names of axes, and the key of a topology that each stands for, with `*` for the service's name.
/// Those of core settings stand for a key of every interface: the `*` are the node's and the network's names.
struct ShortAxis {
  std::string_view name, key;
};
const std::vector<ShortAxis>& bench_axes();

/// The value of the axis `kind` that means no load balancer: the client asks the first pod itself.
inline constexpr std::string_view direct_access = "direct";

/// A kind may be written with a forwarding mode, and with where it is: "ipvs-tunnel" is kind ipvs, forwarding
/// tunnel; "ipvs-tunnel-in-node" is the same in: node.
struct KindWord {
  std::string kind, forwarding, in;  // empty where the word does not say
};
KindWord kind_word(std::string_view word);

}  // namespace lblab::model
