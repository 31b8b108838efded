#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

namespace troupe {
class run_store;
}

namespace troupe::bench {

/// A folder with one store, deleted in the end.
class store_place {
 public:
  /// Makes it in `folder`.
  explicit store_place(const std::filesystem::path& folder);
  store_place(const store_place&) = delete;
  store_place& operator=(const store_place&) = delete;
  ~store_place();

  [[nodiscard]] std::filesystem::path file() const {
    return folder_ / "runs.db";
  }
  /// The bytes of the store, its log included.
  [[nodiscard]] std::uint64_t bytes() const;

 private:
  std::filesystem::path folder_;
};

}  // namespace troupe::bench
