#pragma once

#include <gtest/gtest.h>

#include <string>

#include "lab/model/parse.hpp"

namespace lblab::model {

/// What the text says; a mistake in it fails the test.
inline Cluster good(const std::string& text) {
  const Parsed parsed = parse(text);
  for (const auto& diagnostic : parsed.diagnostics) ADD_FAILURE() << format(diagnostic, "text");
  return parsed.cluster.value_or(Cluster{});
}

}  // namespace lblab::model
