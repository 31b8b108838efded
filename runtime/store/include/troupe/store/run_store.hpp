#pragma once

#include "troupe/store/log_entry.hpp"
#include "troupe/store/run_record.hpp"

#include <troupe/error.hpp>
#include <troupe/failure.hpp>
#include <troupe/json.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// Reads a store, each call on a consistent state of it. Parts of a stored text
/// are fetched by `part`.
///
/// Thread safety: confined to one thread.
/// Errors: all calls throw `errc::store_failed` if the store cannot be read.
class store_reader {
 public:
  virtual ~store_reader() = default;

  [[nodiscard]] virtual std::optional<run_record> find(std::string_view id) = 0;
  /// Those that `what` selects, in the order of their ids.
  [[nodiscard]] virtual std::vector<run_record> list(const run_query& what) = 0;
  /// The number of runs of each status, in the order of `run_status`.
  [[nodiscard]] virtual std::vector<std::uint64_t> counts() = 0;

  using visitor = std::function<bool(const stored_entry&)>;
  /// Calls `visit` with the entries of a run whose number is more than `after`
  /// and at most `upto`, in their order, until it returns false.
  virtual void entries(std::string_view run, std::uint64_t after,
                       std::uint64_t upto, const visitor& visit) = 0;
  /// The last snapshot of an address of a run that holds no step after `step`
  /// (counted from 0); nothing if there is none.
  [[nodiscard]] virtual std::optional<stored_entry> snapshot(
      std::string_view run, std::string_view address, std::uint64_t step) = 0;
  /// The bytes of a part. Errors: also throws where it is not there, or is not
  /// what its hash says.
  [[nodiscard]] virtual std::string part(std::string_view hash) = 0;
  /// True if there was a run of that id that has been purged.
  [[nodiscard]] virtual bool was_purged(std::string_view id) = 0;
};

/// A change of a run's record; what is absent stays.
struct run_change {
  std::optional<run_status> status{};
  std::optional<std::string> end{};
  /// Steps that the entries of the commit commit, added to those of before.
  std::uint64_t steps_more = 0;
  /// Counts one recovery.
  bool recovers = false;
  /// The flow as it is now, with which the run goes on.
  std::optional<std::string> version{};
  std::optional<std::string> shape{};
  /// Sets `recoveries_in_vain` to 0.
  bool clears_recoveries = false;
};

/// The result of a commit: nothing, or the reason why it was not made.
using commit_result = std::shared_ptr<const error>;

/// Changes of one run that become durable together, or not at all.
struct run_commit {
  std::string run{};
  durability how = durability::normal;
  std::vector<log_entry> entries{};
  run_change change{};
  /// Called once, on the store's thread, after the commit is as durable as
  /// `how` asks for, or has failed. Null where nobody waits. It must not block
  /// and must not throw.
  std::function<void(const commit_result&)> done{};
};

/// The answer to `run_store::begin`.
struct begun_run {
  enum class kind : std::uint8_t {
    /// It was not there.
    created,
    /// A run of this id with the same flow, input and params is there.
    known,
    /// A run of this id is there with another flow, input or params.
    conflict,
    /// There was a run of this id, which was purged.
    purged,
    /// It was not made: `failure`.
    failed,
  };
  kind how = kind::created;
  /// The run that is there, if it is `known` or in `conflict`.
  std::optional<run_record> there{};
  commit_result failure{};
};

/// A store of runs. One process owns it, and one thread of that writes it: it
/// takes what is queued, makes it durable as a group, and reports each.
///
/// Thread safety: internally synchronised.
class run_store {
 public:
  virtual ~run_store() = default;

  /// Queues a new run, with its first entries. `done` is called as that of a
  /// commit.
  virtual void begin(run_record what, std::vector<log_entry> first,
                     std::function<void(begun_run)> done) = 0;
  /// Queues a commit. Those of one thread are made in their order. Waits while
  /// the queue is full, which takes as long as the writing of a group.
  virtual void submit(run_commit what) = 0;
  /// Deletes all selected runs that have ended, with what belongs to them, a
  /// part at a time; `limit` and `after` do not count. Returns the number of
  /// runs once they are gone. Errors: throws `errc::store_failed`.
  virtual std::uint64_t purge(const run_query& which) = 0;
  /// Makes a reader, with a connection of its own.
  [[nodiscard]] virtual std::unique_ptr<store_reader> reader() = 0;
  /// Sets who carries out what other processes ask the owner for; null for
  /// nobody. It is called on a thread of the store, with an object, and returns
  /// one.
  virtual void on_request(std::function<json(const json&)> handler) = 0;
  /// The name of the store in errors: its path.
  [[nodiscard]] virtual std::string name() const = 0;
  /// Makes what is queued durable, and ends. Later commits fail with
  /// `errc::shut_down`.
  virtual void close() noexcept = 0;
};

}  // namespace troupe
