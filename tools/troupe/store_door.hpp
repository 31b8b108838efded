#pragma once

#include <troupe/json.hpp>
#include <troupe/store/run_store.hpp>

#include <filesystem>
#include <memory>

namespace troupe_tool {

/// The way by which the program changes a store: through the process that owns
/// it, or else by itself, as its owner until this ends.
///
/// Thread safety: confined to one thread.
class store_door {
 public:
  /// Errors: throws `errc::store_failed` if there is no store at `file`.
  explicit store_door(std::filesystem::path file);

  /// The answer to a request, see `troupe::carry_out`.
  /// Errors: throws those of `ask_owner`, and `errc::store_failed`.
  [[nodiscard]] troupe::json ask(const troupe::json& request);
  [[nodiscard]] troupe::store_reader& reader() noexcept { return *reader_; }

 private:
  std::filesystem::path file_;
  std::unique_ptr<troupe::store_reader> reader_;
  std::shared_ptr<troupe::run_store> own_;
};

}  // namespace troupe_tool
