#pragma once

#include <cstddef>
#include <utility>

namespace troupe::detail {

class run_names;
class step_keeper;

/// The durable step whose code the present thread executes, and the item of a
/// batch node, so that a run started by it gets an id that the next life of the
/// step finds again. A coroutine that waits has the same one when it goes on.
struct step_scope {
  static constexpr std::size_t no_item = ~std::size_t{0};

  /// Null while there is no durable step, and in a blocking call.
  step_keeper* keeper = nullptr;
  /// The names of a blocking call; null elsewhere.
  run_names* names = nullptr;
  std::size_t item = no_item;

  /// That of the present thread.
  [[nodiscard]] static step_scope& here() noexcept;
};

/// Names the scope of the present thread for as long as it lives.
///
/// Thread safety: confined to one thread.
class in_scope {
 public:
  explicit in_scope(step_scope which) noexcept
      : before_(std::exchange(step_scope::here(), which)) {}
  in_scope(const in_scope&) = delete;
  in_scope& operator=(const in_scope&) = delete;
  ~in_scope() { step_scope::here() = before_; }

 private:
  const step_scope before_;
};

}  // namespace troupe::detail
