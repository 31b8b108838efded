#pragma once

#include <troupe/json.hpp>

#include <CLI/CLI.hpp>

#include <functional>
#include <string>

namespace troupe_tool {

/// The options that all commands about a store have, and the one that was
/// chosen.
struct store_arguments {
  std::string file{};
  bool json = false;
  /// Returns the exit status. Empty if another command was chosen.
  std::function<int()> command{};
};

/// The exit statuses of the commands about a store.
namespace exit_status {
inline constexpr int done = 0;
/// There is no such run or step, or what was asked for was refused.
inline constexpr int refused = 1;
/// The store, or its owner, does not do what it should.
inline constexpr int store_failed = 3;
}  // namespace exit_status

/// Adds the option `--store` and all commands about stores, which refer to
/// `all` as long as the program runs.
void add_store_commands(CLI::App& app, store_arguments& all);

// Each adds its commands, which refer to `all` as long as the program runs.

void add_reading(CLI::App& runs, store_arguments& all);
void add_following(CLI::App& runs, store_arguments& all);
void add_changing(CLI::App& runs, store_arguments& all);
void add_store_verbs(CLI::App& store, store_arguments& all);

/// Runs the chosen command. Errors become texts and exit statuses.
[[nodiscard]] int perform(const store_arguments& chosen);

/// Writes a form as one line of JSON, or `text`.
void print(const store_arguments& all, const troupe::json& form,
           const std::string& text);

}  // namespace troupe_tool
