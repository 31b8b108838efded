#pragma once

#include "durable/durable_cases.hpp"

#include <filesystem>
#include <string>

namespace troupe::bench {

/// The same steps in LangGraph.js, kept by its SQLite saver.
struct langgraph_steps {
  double us_per_step = 0;
  double bytes_per_step = 0;
  std::string version;
  /// The packages without which they cannot be measured; empty if none is
  /// missing.
  std::string missing;
};

/// Runs them in a process of Node, with the packages of `given.peers`.
/// Errors: throws `std::runtime_error` if the process fails otherwise.
[[nodiscard]] langgraph_steps measure_langgraph(
    const durable_options& given, const std::filesystem::path& file);

}  // namespace troupe::bench
