#pragma once

#include <troupe/detail/node/step_keeper.hpp>
#include <troupe/error.hpp>

#include <memory>
#include <string>

namespace troupe::detail {

/// The keeper of a step whose run is durable in another process: it refuses
/// effects, as their ends would be lost with this process.
///
/// Thread safety: immutable.
class placed_effects final : public step_keeper {
 public:
  [[nodiscard]] static placed_effects& only() noexcept {
    static placed_effects known;
    return known;
  }

  std::optional<json> result_of(std::size_t) override { return std::nullopt; }
  void keep_result(std::size_t, const json&) override {}
  known_effect begin_effect(const effect_name& which, bool,
                            const effect_asker&) override {
    throw error{errc::bad_flow,
                "the effect '" + std::string{which.name} +
                    "' is placed on a worker, which cannot keep its end: give "
                    "context::key() to the other side instead, or have the "
                    "effect in a node that is not placed"}
        .permanent();
  }
  void end_effect(const effect_name&, const json&, const error*,
                  const effect_asker&) override {}
  void give_effect_up(const effect_name&) override {}
  void on_item_attempt(std::size_t) override {}
  std::shared_ptr<run_names> names() override { return nullptr; }
};

}  // namespace troupe::detail
