#pragma once

#include <bpf/bpf.h>

#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include "lab/sys/error.hpp"
#include "lab/sys/fd.hpp"

/// System calls on BPF maps, with types. Descriptors are borrowed. Each throws SystemError with `attempt`.
namespace lbcore::xdp {

template <class Key, class Value>
void put(const std::string& attempt, int map, const Key& key, const Value& value) {
  lblab::sys::check(attempt, bpf_map_update_elem(map, &key, &value, BPF_ANY));
}

/// nullopt: there is none.
template <class Value, class Key>
std::optional<Value> get(const std::string& attempt, int map, const Key& key) {
  Value value{};
  if (bpf_map_lookup_elem(map, &key, &value) == 0) return value;
  if (errno != ENOENT) throw lblab::sys::SystemError{attempt};
  return std::nullopt;
}

/// No error if there is none.
template <class Key>
void take(const std::string& attempt, int map, const Key& key) {
  if (bpf_map_delete_elem(map, &key) < 0 && errno != ENOENT) throw lblab::sys::SystemError{attempt};
}

template <class Key>
std::vector<Key> keys(const std::string& attempt, int map) {
  std::vector<Key> out;
  Key key{};
  for (const Key* before = nullptr; bpf_map_get_next_key(map, before, &key) == 0; before = &out.back())
    out.push_back(key);
  if (errno != ENOENT) throw lblab::sys::SystemError{attempt};
  return out;
}

/// Visits every value of a hash. One that comes or goes meanwhile may be missed.
template <class Key, class Value, class Visit>
void for_each(const std::string& attempt, int hash, const Visit& visit) {
  constexpr std::uint32_t batch = 4096;  // more than there can be in a bucket
  std::vector<Key> keys(batch);
  std::vector<Value> values(batch);
  std::uint32_t place = 0;
  for (bool first = true, more = true; more; first = false) {
    std::uint32_t got = batch;
    const int failed = bpf_map_lookup_batch(hash, first ? nullptr : &place, &place, keys.data(),
                                            values.data(), &got, nullptr);
    if (failed < 0 && errno != ENOENT) throw lblab::sys::SystemError{attempt};
    more = failed == 0;
    for (std::uint32_t i = 0; i < got; ++i) visit(values[i]);
  }
}

/// All `count` values of an array, in one call.
template <class Value>
std::vector<Value> all(const std::string& attempt, int array, std::uint32_t count) {
  std::vector<std::uint32_t> indexes(count);
  std::vector<Value> values(count);
  std::uint32_t next = 0, got = count;
  if (bpf_map_lookup_batch(array, nullptr, &next, indexes.data(), values.data(), &got, nullptr) < 0 &&
      errno != ENOENT)
    throw lblab::sys::SystemError{attempt};
  return values;
}

}  // namespace lbcore::xdp
