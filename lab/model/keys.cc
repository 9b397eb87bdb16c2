#include "lab/model/keys.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "lab/model/key_tables.hpp"

namespace lblab::model {
namespace {

Grammar build() {
  Grammar root{.name = "", .key = &keys().front(), .children = {}};
  for (const Key& key : keys().subspan(1)) {
    Grammar* at = &root;
    for (auto [step, rest] = first_step(key.path); !step.empty(); std::tie(step, rest) = first_step(rest)) {
      const auto found = std::ranges::find(at->children, step, &Grammar::name);
      at = found != at->children.end() ? &*found : &at->children.emplace_back(Grammar{step, &key, {}});
    }
  }
  return root;
}

const Grammar* find_path(const Grammar& root, std::string_view path) {
  const Grammar* at = &root;
  for (auto [step, rest] = first_step(path); at && !step.empty(); std::tie(step, rest) = first_step(rest))
    at = at->find(step);
  return at;
}

/// Once the tree is whole, so that nothing in it moves any more.
void join_alike(Grammar& at, const Grammar& root) {
  if (!at.key->like.empty()) at.like = find_path(root, at.key->like);
  for (Grammar& child : at.children) join_alike(child, root);
}

}  // namespace

std::span<const Key> keys() {
  static const auto table = [] {
    std::vector<Key> all = topology_keys();
    std::ranges::move(scenario_keys(), std::back_inserter(all));
    std::ranges::move(bench_keys(), std::back_inserter(all));
    return all;
  }();
  return table;
}

std::pair<std::string_view, std::string_view> first_step(std::string_view path) {
  const auto end = path.starts_with("[]") ? 2 : std::min(path.find_first_of(".["), path.size());
  const auto rest = path.substr(end);
  return {path.substr(0, end), rest.starts_with('.') ? rest.substr(1) : rest};
}

std::vector<const Grammar*> Grammar::parts() const {
  auto all = like ? like->parts() : std::vector<const Grammar*>{};
  std::ranges::transform(children, std::inserter(all, all.begin()),
                         [](const Grammar& child) { return &child; });
  return all;
}

const Grammar* Grammar::find(std::string_view step) const {
  const auto found = std::ranges::find(children, step, &Grammar::name);
  if (found != children.end()) return &*found;
  return like ? like->find(step) : nullptr;
}

const Grammar& grammar() {
  struct Tree {
    Grammar root = build();
    Tree() { join_alike(root, root); }
  };
  static const Tree tree;
  return tree.root;
}

}  // namespace lblab::model
