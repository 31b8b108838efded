#pragma once

#include "file/database.hpp"
#include "file/entry_index.hpp"

#include <troupe/store/run_store.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::detail {

/// A reader with a read-only connection. It holds no transaction while its
/// caller is at work, so that a slow one does not let the log of SQLite grow.
///
/// Thread safety: confined to one thread.
class sqlite_reader final : public store_reader {
 public:
  /// `path` as `store_path` gives it.
  /// Errors: throws `errc::store_failed`.
  sqlite_reader(std::string path, const std::string& vfs);

  [[nodiscard]] std::optional<run_record> find(std::string_view id) override;
  [[nodiscard]] std::vector<run_record> list(const run_query& what) override;
  [[nodiscard]] std::vector<std::uint64_t> counts() override;
  void entries(std::string_view run, std::uint64_t after, std::uint64_t upto,
               const visitor& visit) override;
  [[nodiscard]] std::optional<stored_entry> snapshot(
      std::string_view run, std::string_view address,
      std::uint64_t step) override;
  [[nodiscard]] std::string part(std::string_view hash) override;
  [[nodiscard]] bool was_purged(std::string_view id) override;

  [[nodiscard]] database& connection() noexcept { return in_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  template <class Body>
  auto read(Body body);
  /// The next entries, as many as are read at once.
  [[nodiscard]] std::vector<stored_entry> next_entries(const std::string& run,
                                                       std::uint64_t after,
                                                       std::uint64_t upto);
  [[nodiscard]] std::int64_t number_of_run(const std::string& run);

  std::string path_;
  database in_;
  unindexed_entries rest_;
};

/// SHA-256 in 64 hexadecimal digits.
[[nodiscard]] std::string hash_of(const std::string& bytes);

}  // namespace troupe::detail
