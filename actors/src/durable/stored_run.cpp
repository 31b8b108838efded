#include "durable/stored_run.hpp"

#include <troupe/detail/value/integer_from.hpp>
#include <troupe/json_text.hpp>
#include <troupe/store/run_commands.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace troupe::detail {

namespace {

std::int64_t deadline_after(std::int64_t now_ms, duration span) noexcept {
  constexpr auto longest = std::chrono::hours{24 * 365 * 100};
  return now_ms + std::chrono::ceil<std::chrono::milliseconds>(
                      std::min<duration>(span, longest))
                      .count();
}

std::optional<std::uint64_t> number_in(const json& form, const char* key) {
  const auto found = form.find(key);
  if (found == form.end()) return std::nullopt;
  return integer_from<std::uint64_t>(*found);
}

}  // namespace

run_record record_of(const flow& work, const state& initial,
                     const run_options& options, const std::string& id,
                     std::int64_t now_ms) {
  run_record made;
  made.id = id;
  made.flow = work.name();
  made.how = options.durability;
  made.input = stored_form(initial.root());
  made.params = stored_form(options.params);
  json rest = {{"steps_max", options.steps_max}};
  if (options.seed) rest["seed"] = *options.seed;
  if (options.retries_max) rest["retries_max"] = *options.retries_max;
  made.options = write_json(rest);
  made.created_ms = made.updated_ms = now_ms;
  if (options.deadline) {
    made.deadline_ms = deadline_after(now_ms, *options.deadline);
  }
  return made;
}

run_options options_of(const run_record& stored, value params,
                       std::int64_t now_ms) {
  run_options made;
  made.id = stored.id;
  made.params = std::move(params);
  made.durability = stored.how;
  try {
    const auto rest = read_json(stored.options);
    made.steps_max = number_in(rest, "steps_max").value_or(made.steps_max);
    made.seed = number_in(rest, "seed");
    made.retries_max = number_in(rest, "retries_max");
  } catch (const std::exception& why) {
    throw error{errc::store_failed, "the options of run '" + stored.id +
                                        "' cannot be read: " + why.what()};
  }
  // Time goes on while nobody runs it; a clock that was set back gives no more
  // of it. One that has ended is not late again.
  if (stored.deadline_ms != 0 && !is_over(stored.status) &&
      !was_released(stored)) {
    const auto latest =
        std::max({now_ms, stored.created_ms, stored.updated_ms});
    made.deadline = std::chrono::milliseconds{
        std::max<std::int64_t>(stored.deadline_ms - latest, 1)};
  }
  return made;
}

bool is_same_start(const run_record& a, const run_record& b) noexcept {
  return a.flow == b.flow && a.input == b.input && a.params == b.params;
}

void refuse_other_start(const run_record& there, const run_record& asked) {
  std::string what = "another input";
  if (there.flow != asked.flow) {
    what = "the flow '" + there.flow + "' and not '" + asked.flow + "'";
  } else if (there.input == asked.input) {
    what = "other params";
  }
  throw error{errc::id_taken, "a run '" + there.id +
                                  "' is there already, with " + what +
                                  "; take another id"};
}

void refuse_quarantined(const run_record& there) {
  const auto end = end_form::from(there.end);
  throw error{errc::quarantined, end.failure
                                     ? end.failure->message()
                                     : "run '" + there.id +
                                           "' is in quarantine; resume it by "
                                           "its id"};
}

void make_fresh(resume_point& point) {
  if (point.at) {
    auto& at = *point.at;
    at.attempt = 0;
    at.deaths = 0;
    at.wait = {};
    const bool is_step = at.at == position::stage::retry ||
                         at.at == position::stage::wait ||
                         at.at == position::stage::fall_back;
    if (is_step) {
      at.at = point.prepared ? position::stage::retry : position::stage::begin;
      at.failure.reset();
    }
  }
  point.due_ms = 0;
  std::erase_if(point.ended, [](const auto& each) {
    return each.second.how != branch_outcome::kind::finished;
  });
  for (auto& [index, branch] : point.branches) make_fresh(*branch);
}

}  // namespace troupe::detail
