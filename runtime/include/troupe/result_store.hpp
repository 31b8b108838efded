#pragma once

#include "troupe/clock.hpp"
#include "troupe/value.hpp"

#include <cassert>
#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace troupe {

/// Options of a `result_store`: the bytes it keeps, and for how long.
struct result_store_options {
  /// Bytes of all keys and results, as JSON text. At least 1.
  std::size_t bytes_max = std::size_t{64} << 20;
  /// The time for which a result is valid, more than zero. Absent: as long as
  /// there is room.
  std::optional<duration> ttl = {};
};

/// Returns the faults of `options`, as sentences; empty if it has none.
[[nodiscard]] std::vector<std::string> mistakes_in(
    const result_store_options& options);

/// Results by key. Where the room is used up, those that were not read for the
/// longest time give way. Both ways take constant time.
///
/// Thread safety: confined to one actor or task.
class result_store {
 public:
  /// @pre `options` are sound
  explicit result_store(result_store_options options) : options_(options) {
    assert(mistakes_in(options).empty());
  }

  /// The result under `key` that is good at `now`.
  [[nodiscard]] std::optional<value> find(const std::string& key,
                                          time_point now);
  /// Keeps `result` under `key`, in place of what was there. What is larger
  /// than all the room is not kept.
  void put(const std::string& key, value result, time_point now);
  void clear() noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return places_.size(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  /// Asserts that the two tables agree. For tests.
  void check() const;

 private:
  struct entry {
    std::string key;
    value result;
    std::size_t bytes = 0;
    std::optional<time_point> good_until;
  };

  void erase(std::list<entry>::iterator at);

  result_store_options options_;
  /// The ones read last come first.
  std::list<entry> entries_;
  /// The keys are those of the entries.
  std::unordered_map<std::string_view, std::list<entry>::iterator> places_;
  std::size_t bytes_ = 0;
};

}  // namespace troupe
