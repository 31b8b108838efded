#pragma once

#include "troupe/store/run_store.hpp"
#include "troupe/store/stored_forms.hpp"

#include <troupe/clock.hpp>
#include <troupe/json.hpp>
#include <troupe/value.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

// Changes of a stored run that no process has at work. Each call returns once
// the change is on the disk. The caller sees to it that nobody has the run at
// work: it owns the store, or is asked by whoever does.
//
// None is to be called on the store's own thread.
// Errors: all throw `errc::missing_key` if there is no such run,
// `errc::store_failed`, and `errc::timed_out` if the store does not answer
// within a minute, whereupon the change may still be made.

/// Cancels a run, and those that its nodes started, as far as they have not
/// ended. Returns their ids, its own first; none if it was cancelled before.
/// Errors: throws `errc::bad_value` for a run that has finished or failed.
std::vector<std::string> cancel_run(run_store& store, store_reader& reader,
                                    const std::string& id,
                                    std::string_view reason);

/// Lets the next `system::resume_all` take up a run that has failed, was
/// cancelled or late, or is in quarantine: it is parked, begins its last step
/// again with fresh attempts, and that counts as no recovery. Returns false for
/// one that would be taken up anyway.
/// Errors: throws `errc::bad_value` for a run that has finished.
bool release_run(run_store& store, store_reader& reader, const std::string& id);
/// True of a parked run that was released: whoever goes on with it gives its
/// step fresh attempts, and has no deadline for it.
[[nodiscard]] bool was_released(const run_record& which);

/// The order of a fork.
struct fork_order {
  /// The run that it is a fork of, whatever became of that.
  std::string run{};
  /// The last step of the run, counted from 0, that the fork does not do again;
  /// absent for a fork that begins as the run began.
  std::optional<std::uint64_t> after_step{};
  /// A JSON merge patch on the state after that step: an object.
  value edits = value::object();
  /// The id of the fork; empty for one made of that of the run.
  std::string id{};
  /// The present time, in milliseconds since 1970. A fork of a run with a
  /// deadline has as much time from now on as that had.
  std::int64_t now_ms = 0;
};

/// A fork that was made.
struct forked_run {
  std::string id{};
  std::optional<std::uint64_t> after_step{};
  /// The path of the node at which it begins, "outer/inner/node"; empty for the
  /// beginning of the flow.
  std::string next{};
  /// True if there is nothing left to do.
  bool is_over = false;
};

/// Makes a run of its own of what another one was after a step. It has keys of
/// its own, so that its effects happen again, and is parked: the next
/// `system::resume` or `resume_all` goes on with it.
/// Errors: throws `errc::missing_key` also for a step that is not there (any
/// more), `errc::id_taken`, and `errc::bad_value` for edits that are no object,
/// and for an invalid id.
forked_run fork_run(run_store& store, store_reader& reader,
                    const fork_order& what);

/// Deletes all selected runs that have ended; see `run_store::purge`. Returns
/// their number.
std::uint64_t purge_runs(run_store& store, const run_query& which);

/// An effect of a step at work: one that began, and whose end is not known.
struct open_effect {
  std::string address{};
  std::uint64_t step = 0;
  /// `log_entry::no_index` outside of a batch node.
  std::uint64_t index = log_entry::no_index;
  std::string name{};
};

[[nodiscard]] std::vector<open_effect> open_effects(store_reader& reader,
                                                    const std::string& id);

/// The choice of an effect to settle. What is absent matches all.
struct effect_choice {
  std::string run{};
  std::string name{};
  std::optional<std::string> address{};
  std::optional<std::uint64_t> index{};
};

/// Writes the end of an effect whose end is not known: the run goes on with it
/// as if the effect had given that. Returns the effect.
/// Errors: throws `errc::missing_key` also if there is no such effect, and
/// `errc::bad_value` if there are several, or the run has finished.
open_effect settle_effect(run_store& store, store_reader& reader,
                          const effect_choice& which,
                          const detail::effect_form& end);

namespace detail {

/// The longest wait for the answer of a store to one change.
inline constexpr duration store_answer_max = std::chrono::minutes{1};

/// Commits, and waits until that has been made; `what.done` is replaced.
/// Errors: throws that of the store, and `errc::timed_out` after `limit`.
void commit_and_wait(run_store& store, run_commit what, duration limit);

}  // namespace detail

/// Changes a run that is at work, as a request asks for; nothing if it is not.
/// The verb is "cancel", "resume", "settle" or "fork", which needs no change.
using live_command = std::function<std::optional<json>(
    std::string_view verb, const std::string& run, const json& request)>;

/// The store that `carry_out` works on, and what is at work there.
struct command_scope {
  run_store* store = nullptr;
  store_reader* reader = nullptr;
  /// Null where no run is at work.
  live_command live{};
  std::int64_t now_ms = 0;
};

/// Carries out a request of the program `troupe`:
///
/// | verb     | members, [] optional                                        |
/// | -------- | ----------------------------------------------------------- |
/// | `cancel` | run, [reason]                                               |
/// | `resume` | run                                                         |
/// | `fork`   | run, [after_step], [edits], [id]                            |
/// | `purge`  | [flow], [version], [statuses], [ended_before_ms], [failure] |
/// | `settle` | run, effect, [address], [item], and result or failure       |
///
/// Returns {"ok": true, ...}, or {"error": text, "code": name of an `errc`}.
/// Never throws for what a request may be.
[[nodiscard]] json carry_out(const command_scope& on, const json& request);
[[nodiscard]] json carry_out(run_store& store, store_reader& reader,
                             const json& request);

}  // namespace troupe
