#pragma once

#include "summarize/command_line.hpp"
#include "summarize/files/text_file.hpp"

#include <troupe/flow.hpp>
#include <troupe/run.hpp>
#include <troupe/state.hpp>
#include <troupe/system.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace summarize {

/// A job in a store, with which another process can go on.
struct kept_job {
  std::shared_ptr<troupe::run_store> store;
  /// The id of its run; empty for one that is to begin.
  std::string id;
  /// Its list of files, and the options that its summaries depend on.
  troupe::state input;
  /// The run has ended without success.
  bool is_broken = false;
};

/// Adds the options that keep a job; none where the program is built without a
/// store.
void add_store_options(CLI::App& app, command_line& chosen);

/// Opens the store that `chosen` names, and begins a job of the files of
/// `found` or, for `resume`, takes the last one that is there, whose files
/// replace those of `found`. Nothing if no store is named.
///
/// Errors: throws `troupe::error` for a store that cannot be opened, for a new
/// job where one has not ended, and for one that was begun with other options.
[[nodiscard]] std::optional<kept_job> kept_job_for(const command_line& chosen,
                                                   listing& found);

/// Starts the job, or goes on with it.
/// Errors: throws `troupe::error` if it cannot go on.
[[nodiscard]] troupe::run start(troupe::system& system,
                                const troupe::flow& work, const kept_job& job,
                                troupe::run_options options);

/// Returns the number of files that the run `id` has worked on to their end.
/// Errors: throws `troupe::error` if the store cannot be read.
[[nodiscard]] std::size_t files_done(const kept_job& job,
                                     const std::string& id);

}  // namespace summarize
