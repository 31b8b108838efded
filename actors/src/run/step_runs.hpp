#pragma once

#include <troupe/detail/node/step_keeper.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace troupe::detail {

/// The names of the runs that an attempt of a step starts.
///
/// Thread safety: internally synchronised.
class step_runs final : public run_names {
 public:
  /// `key` is that of the step in the run `parent`.
  step_runs(std::string parent, std::string key)
      : parent_(std::move(parent)), key_(std::move(key)) {}

  // Ids have no '/' and no '#'.
  started_run next(std::string_view flow,
                   std::optional<std::size_t> item) override {
    started_run made;
    made.parent = parent_;
    made.parent_key = key_;
    if (item) made.parent_key += "." + std::to_string(*item);
    made.stem = made.parent_key + "~" + std::string{flow} + "~";
    std::replace(made.stem.begin(), made.stem.end(), '/', '~');
    std::replace(made.stem.begin(), made.stem.end(), '#', '~');
    const std::lock_guard lock{mutex_};
    made.number = counts_[item]++;
    return made;
  }

  /// A new attempt of the item begins.
  void forget(std::size_t item) {
    const std::lock_guard lock{mutex_};
    counts_.erase(item);
  }

 private:
  const std::string parent_;
  const std::string key_;
  std::mutex mutex_;
  std::map<std::optional<std::size_t>, std::uint64_t> counts_;
};

}  // namespace troupe::detail
