#include "troupe/detail/node/position.hpp"

#include "troupe/detail/placed/error_form.hpp"
#include "troupe/detail/value/integer_from.hpp"

#include <array>
#include <string>
#include <utility>

namespace troupe {

namespace {

constexpr std::array stages{position::stage::begin,     position::stage::retry,
                            position::stage::fall_back, position::stage::wait,
                            position::stage::fan_out,   position::stage::over};

[[noreturn]] void refuse_position(const std::string& why) {
  throw error{errc::bad_value, "not the form of a position: " + why};
}

position::stage stage_named(std::string_view name) {
  for (const auto each : stages) {
    if (to_string(each) == name) return each;
  }
  refuse_position("there is no stage '" + std::string{name} + "'");
}

}  // namespace

std::string_view to_string(position::stage at) noexcept {
  switch (at) {
    case position::stage::begin:
      return "begin";
    case position::stage::retry:
      return "retry";
    case position::stage::fall_back:
      return "fall_back";
    case position::stage::wait:
      return "wait";
    case position::stage::fan_out:
      return "fan_out";
    case position::stage::over:
      return "over";
  }
  return "unknown";
}

json position::to_json() const {
  json form = {{"path", path},
               {"at", std::string{to_string(at)}},
               {"steps", steps},
               {"attempt", attempt}};
  if (deaths != 0) form["deaths"] = deaths;
  if (wait != duration::zero()) form["wait_ns"] = wait.count();
  if (!action.is_default()) form["action"] = std::string{action.name()};
  if (failure) form["failure"] = detail::error_form(*failure);
  if (was_cancelled) form["cancelled"] = true;
  return form;
}

position position::from_json(const json& form) {
  try {
    position made;
    made.path = form.at("path").get<std::vector<std::string>>();
    made.at = stage_named(form.at("at").get_ref<const std::string&>());
    made.steps = detail::integer_from<std::uint64_t>(form.at("steps"));
    made.attempt = detail::integer_from<std::uint32_t>(form.at("attempt"));
    if (const auto deaths = form.find("deaths"); deaths != form.end()) {
      made.deaths = detail::integer_from<std::uint32_t>(*deaths);
    }
    if (const auto wait = form.find("wait_ns"); wait != form.end()) {
      made.wait = duration{detail::integer_from<duration::rep>(*wait)};
    }
    if (const auto action = form.find("action"); action != form.end()) {
      made.action = troupe::action{action->get_ref<const std::string&>()};
    }
    if (const auto failure = form.find("failure"); failure != form.end()) {
      made.failure = detail::error_from(*failure);
    }
    made.was_cancelled = form.value("cancelled", false);
    if (made.wait < duration::zero()) refuse_position("the wait is negative");
    return made;
  } catch (const json::exception& why) {
    refuse_position(why.what());
  }
}

}  // namespace troupe
