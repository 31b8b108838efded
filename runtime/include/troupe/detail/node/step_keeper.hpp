#pragma once

#include "troupe/detail/fiber/fiber_owner.hpp"
#include "troupe/error.hpp"
#include "troupe/json.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::detail {

/// The name of an effect within its step.
struct effect_name {
  std::optional<std::size_t> item{};
  std::string_view name{};
};

/// The names of a run that a step starts.
struct started_run {
  /// The id is the stem and the number, which counts those of one attempt.
  std::string stem{};
  std::uint64_t number = 0;
  /// The run that starts it, and the key of the step in that.
  std::string parent{};
  std::string parent_key{};
};

/// Names the runs that an attempt of a step starts without an id: the same ones
/// in each attempt and each life.
///
/// Thread safety: internally synchronised.
class run_names {
 public:
  virtual ~run_names() = default;

  /// The next one. `flow` is the name of its flow, `item` that of a batch node
  /// whose code starts it.
  [[nodiscard]] virtual started_run next(std::string_view flow,
                                         std::optional<std::size_t> item) = 0;
};

/// The coroutine that waits until an effect is written down.
struct effect_asker {
  fiber_owner& host;
  wake_key key;
};

/// The knowledge of an effect when a step comes to it.
struct known_effect {
  enum class kind : std::uint8_t {
    /// It has not begun before. That it does now is being written down.
    begins,
    /// It has ended: `result`, or `failure`.
    ended,
    /// It began, and nobody knows how far it came.
    unknown,
    /// The step has come to this name before.
    twice,
  };
  kind how = kind::begins;
  json result{};
  std::optional<error> failure{};
};

/// The way of a step to what outlives its process: the results of its items,
/// and its effects. Implemented by supervisors of durable runs.
///
/// Thread safety: confined to the actor of the step.
class step_keeper {
 public:
  /// The result of an item, if it ended in an earlier life of the run.
  [[nodiscard]] virtual std::optional<json> result_of(std::size_t item) = 0;
  /// Keeps the result of an item. Nobody waits for that.
  virtual void keep_result(std::size_t item, const json& result) = 0;

  /// Says what is known of an effect. Where it begins, or begins again, that is
  /// written down, and `asker` is woken afterwards, with a
  /// `std::shared_ptr<const error>*`.
  [[nodiscard]] virtual known_effect begin_effect(
      const effect_name& which, bool again_if_unknown,
      const effect_asker& asker) = 0;
  /// Writes the end of an effect down, and wakes `asker` as above.
  virtual void end_effect(const effect_name& which, const json& result,
                          const error* failure, const effect_asker& asker) = 0;
  /// An effect failed in a way that another attempt may mend: this life knows
  /// how it ended, and the next one does not.
  virtual void give_effect_up(const effect_name& which) = 0;

  /// A further attempt of an item of a batch node begins: the names of its
  /// effects and of the runs that it starts come again.
  virtual void on_item_attempt(std::size_t item) = 0;
  /// The names of the runs that the present attempt starts, also for those
  /// parts of it that run on other threads.
  [[nodiscard]] virtual std::shared_ptr<run_names> names() = 0;

 protected:
  ~step_keeper() = default;
};

}  // namespace troupe::detail
