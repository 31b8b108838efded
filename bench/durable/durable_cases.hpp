#pragma once

// The cases of durable runs, one source file each.

#include "cases.hpp"

#include <troupe/store/durability.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace troupe::bench {

/// The parameters of the cases with a store.
struct durable_options {
  /// Of each run.
  std::int64_t steps = 10'000;
  std::size_t runs = 1;
  durability sync = durability::normal;
  /// Bytes that each step writes.
  std::size_t bytes = 1000;
  /// Stores are made in here, and deleted.
  std::string folder = std::filesystem::temp_directory_path().string();
  /// Measures LangGraph.js beside it, with the npm packages in `peers`.
  bool side_by_side = false;
  std::string peers = ".";
};

/// Steps that are kept, beside a loop of bare SQLite that commits as many bytes
/// in as large groups; with `durability::off`, beside a system without a store.
report durable(const measuring& how, const durable_options& given);
/// The bytes that a store takes: of 1,000 steps that append, of a large state
/// of which each step changes one number, and of `steps` steps of which 1,000
/// are kept.
report store_growth(const durable_options& given);
/// `runs` runs that go on in a new process, and one that does after `steps`
/// steps, beside one after 10.
report resume_runs(const measuring& how, const durable_options& given);
/// The fork of a run of `steps` steps after half of them, beside one after 5.
report fork_runs(const measuring& how, const durable_options& given);
/// The deletion of `runs` runs, while another one goes on.
report purge(const durable_options& given);

}  // namespace troupe::bench
