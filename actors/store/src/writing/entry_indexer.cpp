#include "writing/entry_indexer.hpp"

#include "file/entry_index.hpp"

#include <algorithm>

namespace troupe::detail {

namespace {

constexpr std::int64_t indexed_of_run = 16;
constexpr std::int64_t indexed_min = 512;
/// Others wait meanwhile, and readers look at all of them.
constexpr std::int64_t indexed_max = 16'384;

}  // namespace

entry_indexer::log_end& entry_indexer::end_of_log(database& in) {
  if (end_) return *end_;
  const auto upto = in.number("SELECT upto FROM indexed");
  const auto last = in.number("SELECT ifnull(max(key), 0) FROM log");
  log_end now;
  now.next_key = std::max(upto, last) + 1;
  now.entries = now.next_key - 1 - upto;
  return end_.emplace(now);
}

std::int64_t entry_indexer::next_key(database& in, std::int64_t& round) {
  auto& end = end_of_log(in);
  ++end.entries;
  if (round != round_) {
    round = round_;
    ++end.runs;
  }
  return end.next_key++;
}

void entry_indexer::add_all(database& in) {
  index_entries(in);
  end_.reset();
  ++round_;
}

void entry_indexer::add_if_due(database& in) {
  const auto& end = end_of_log(in);
  const auto due =
      std::clamp(end.runs * indexed_of_run, indexed_min, indexed_max);
  if (end.entries >= due) add_all(in);
}

}  // namespace troupe::detail
