#pragma once

#include "troupe/clock.hpp"
#include "troupe/event.hpp"
#include "troupe/node_options.hpp"
#include "troupe/value.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <type_traits>

namespace troupe {

class context;
struct once_options;
template <class T>
class task;

namespace detail {

template <class T>
struct task_traits;

/// The type of what an effect gives, at once or as a task.
template <class F>
using effect_result =
    typename task_traits<std::invoke_result_t<F&>>::value_type;

struct placed_work;
class step_keeper;

/// The services that a running step offers to its node. Implemented by
/// supervisors.
class step_services {
 public:
  [[nodiscard]] virtual const value& params() const noexcept = 0;
  [[nodiscard]] virtual std::string run_id() const = 0;
  [[nodiscard]] virtual std::string node_path() const = 0;
  [[nodiscard]] virtual std::uint64_t step() const noexcept = 0;
  [[nodiscard]] virtual time_point now() const noexcept = 0;
  [[nodiscard]] virtual std::stop_token stop_token() = 0;
  [[nodiscard]] virtual const node_options& options() const noexcept = 0;
  /// Returns the seed of the random part of the step's waits.
  [[nodiscard]] virtual std::uint64_t seed() const noexcept = 0;
  /// Takes one of the retries that the run has left, if it has one.
  [[nodiscard]] virtual bool take_retry() noexcept = 0;
  /// Returns whether anybody would receive an event of this detail.
  [[nodiscard]] virtual bool listens(event_detail detail) const noexcept = 0;
  /// Passes an event on; the host fills in run, node, step and time.
  virtual void tell(event what) = 0;
  /// A copy that outlives the step, for a call on another thread.
  [[nodiscard]] virtual std::shared_ptr<step_services> detach() = 0;
  /// Returns the step as another process has to know it; nothing if there is no
  /// process that could do a part of it.
  [[nodiscard]] virtual std::optional<placed_work> work_elsewhere() const;
  /// Returns the way to what outlives the process; null if there is none.
  [[nodiscard]] virtual step_keeper* keeper() noexcept { return nullptr; }

 protected:
  ~step_services() = default;
};

}  // namespace detail

/// The view that a node has of its step, and its way to emit events.
///
/// A reference to it is valid as long as the call it was given to, and for a
/// coroutine up to its end. In a blocking `exec` it may be used on the
/// blocking thread.
///
/// Thread safety: confined to one actor or task. It is valid for the call it
/// was given to.
class context {
 public:
  context(detail::step_services& host, std::uint32_t attempt) noexcept
      : context(host, attempt, std::nullopt) {}
  context(detail::step_services& host, std::uint32_t attempt,
          std::optional<std::size_t> item) noexcept
      : host_(&host),
        attempt_(attempt),
        has_item_(item.has_value()),
        item_(item.value_or(0)) {}

  // -- where am I ------------------------------------------------------------

  /// The small immutable object that identifies a sub-flow; batches set it.
  [[nodiscard]] const value& params() const noexcept { return host_->params(); }
  /// The attempt of `exec`, counted from 0; in `fallback` and `post` the last
  /// one.
  [[nodiscard]] std::uint32_t attempt() const noexcept { return attempt_; }
  /// The position of the item, in a batch node.
  [[nodiscard]] std::optional<std::size_t> item() const noexcept {
    if (!has_item_) return {};
    return item_;
  }
  [[nodiscard]] std::string run_id() const { return host_->run_id(); }
  /// The node's name, with its flows outermost first: "outer/inner/node".
  [[nodiscard]] std::string node() const { return host_->node_path(); }
  /// The step, counted from 0 within its run or sub-flow.
  [[nodiscard]] std::uint64_t step() const noexcept { return host_->step(); }
  /// Returns an idempotency key for this step, or this item of it: the same in
  /// every attempt and on every machine, and different from the key of every
  /// other step of any run. A run that is started again with the same id has
  /// the same keys; see `run_options::id`.
  [[nodiscard]] std::string key() const;
  [[nodiscard]] time_point now() const noexcept { return host_->now(); }

  // -- effects ---------------------------------------------------------------

  /// Executes `effect`, a call or a function that gives a task, once: its
  /// result is kept in the store of the run, and later attempts and lives of
  /// the step get that one. Without a store it is simply executed. The name
  /// tells the effects of one step apart, and each item of a batch node has its
  /// own; `key()` is what the other side should be given.
  ///
  /// It begins after its beginning is on the disk, and the task ends after its
  /// end is. A permanent error is kept as its result; after another one the
  /// next attempt executes it again.
  ///
  /// In a header of its own: `<troupe/once.hpp>`.
  /// Errors: those of `effect`; a permanent error where one name comes twice in
  /// an attempt; `errc::effect_unknown` as `options` say; `errc::store_failed`.
  template <std::invocable F>
  [[nodiscard]] task<detail::effect_result<F>> once(std::string name, F effect,
                                                    once_options options);
  template <std::invocable F>
  [[nodiscard]] task<detail::effect_result<F>> once(std::string name, F effect);

  // -- speaking to the outside -----------------------------------------------

  /// Emits a custom event into the run's event stream. If the reader is slow,
  /// the oldest events of the stream are dropped.
  void emit(value data);

  /// Returns a token that requests a stop when the run is cancelled or the
  /// attempt has timed out. A coroutine need not check it: it is destroyed
  /// where it waits.
  [[nodiscard]] std::stop_token stop_token() const {
    return host_->stop_token();
  }
  [[nodiscard]] bool stop_requested() const {
    return host_->stop_token().stop_requested();
  }

  [[nodiscard]] detail::step_services& host() const noexcept { return *host_; }

 private:
  detail::step_services* host_;
  std::uint32_t attempt_;
  bool has_item_;
  std::size_t item_;
};

}  // namespace troupe
