#include "file/entry_index.hpp"

#include <algorithm>

namespace troupe::detail {

void index_entries(database& in) {
  if (in.number("SELECT ifnull(max(key), 0) FROM log") <=
      in.number("SELECT upto FROM indexed")) {
    return;
  }
  in.run(
      "INSERT INTO entry_index(run, number, key) SELECT run, number, key "
      "FROM log WHERE key > (SELECT upto FROM indexed) ORDER BY run, number");
  in.run("UPDATE indexed SET upto = (SELECT max(key) FROM log)");
}

void unindexed_entries::catch_up(database& in) {
  const auto indexed = in.number("SELECT upto FROM indexed");
  if (indexed > indexed_) forget_indexed(indexed);
  query asked{in,
              "SELECT key, run, number, steps, at_ms FROM log WHERE key > ? "
              "ORDER BY key",
              seen_};
  while (asked.step()) {
    seen_ = asked.number(0);
    auto& run = runs_[asked.number(1)];
    run.places.push_back({asked.number(2), seen_});
    run.steps = asked.number(3);
    run.at_ms = asked.number(4);
  }
}

void unindexed_entries::forget_indexed(std::int64_t upto) {
  indexed_ = upto;
  if (seen_ <= upto) {
    seen_ = upto;
    runs_.clear();
    return;
  }
  for (auto& [run, entries] : runs_) {
    std::erase_if(entries.places, [upto](place at) { return at.key <= upto; });
  }
  std::erase_if(runs_,
                [](const auto& each) { return each.second.places.empty(); });
}

const unindexed_entries::entries_of_run* unindexed_entries::find(
    std::int64_t run) const noexcept {
  const auto found = runs_.find(run);
  return found == runs_.end() ? nullptr : &found->second;
}

}  // namespace troupe::detail
