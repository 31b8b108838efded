#include <troupe/store/durability.hpp>
#include <troupe/store/log_entry.hpp>
#include <troupe/store/run_record.hpp>

#include <array>

namespace troupe {

namespace {

constexpr std::array statuses{run_status::running,     run_status::parked,
                              run_status::quarantined, run_status::finished,
                              run_status::failed,      run_status::cancelled};

}  // namespace

std::string_view to_string(durability how) noexcept {
  switch (how) {
    case durability::off:
      return "off";
    case durability::normal:
      return "normal";
    case durability::full:
      return "full";
  }
  return "unknown";
}

std::string_view to_string(run_status status) noexcept {
  switch (status) {
    case run_status::running:
      return "running";
    case run_status::parked:
      return "parked";
    case run_status::quarantined:
      return "quarantined";
    case run_status::finished:
      return "finished";
    case run_status::failed:
      return "failed";
    case run_status::cancelled:
      return "cancelled";
  }
  return "unknown";
}

std::optional<run_status> run_status_named(std::string_view name) noexcept {
  for (const auto each : statuses) {
    if (to_string(each) == name) return each;
  }
  return std::nullopt;
}

std::string_view to_string(log_entry::kind what) noexcept {
  switch (what) {
    case log_entry::kind::step:
      return "step";
    case log_entry::kind::attempt:
      return "attempt";
    case log_entry::kind::snapshot:
      return "snapshot";
    case log_entry::kind::item_taken:
      return "item_taken";
    case log_entry::kind::item_ended:
      return "item_ended";
    case log_entry::kind::result:
      return "result";
    case log_entry::kind::effect_begun:
      return "effect_begun";
    case log_entry::kind::effect_ended:
      return "effect_ended";
    case log_entry::kind::event:
      return "event";
  }
  return "unknown";
}

std::optional<log_entry::kind> log_entry_kind(std::int64_t number) noexcept {
  constexpr auto first = static_cast<std::int64_t>(log_entry::kind::step);
  constexpr auto last = static_cast<std::int64_t>(log_entry::kind::event);
  if (number < first || number > last) return std::nullopt;
  return static_cast<log_entry::kind>(number);
}

}  // namespace troupe
