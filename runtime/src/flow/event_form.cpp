#include "troupe/detail/placed/event_form.hpp"

#include "troupe/detail/value/integer_from.hpp"
#include "troupe/error.hpp"
#include "troupe/printable.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>

namespace troupe::detail {

namespace {

constexpr std::size_t name_bytes = std::size_t{4} << 10;
/// A century: far enough from the ends of time to add and subtract.
constexpr duration retry_wait_max = std::chrono::hours{24 * 365 * 100};

std::string name_in(const json& field) {
  return printable(field.get_ref<const std::string&>(), line_breaks::joined,
                   name_bytes);
}

}  // namespace

json event_form(const event& from) {
  json form = {{"kind", static_cast<int>(from.kind)},
               {"run", from.run},
               {"node", from.node},
               {"step", from.step},
               {"attempt", from.attempt}};
  if (from.wall != wall_time{}) {
    form["wall_ns"] = std::chrono::duration_cast<std::chrono::nanoseconds>(
                          from.wall.time_since_epoch())
                          .count();
  }
  if (from.item) form["item"] = *from.item;
  if (!from.text.empty()) form["text"] = from.text;
  if (from.wait != duration::zero()) form["wait_ns"] = from.wait.count();
  if (!from.data.is_null()) form["data"] = from.data.to_json();
  return form;
}

event event_from(const json& form, time_point now) {
  try {
    event made;
    const auto kind = integer_from<int>(form.at("kind"));
    if (kind < 0 || kind > static_cast<int>(event_kind::finished)) {
      throw error{errc::bad_value, "invalid form of an event: unknown kind " +
                                       std::to_string(kind)};
    }
    made.kind = static_cast<event_kind>(kind);
    made.at = now;
    if (const auto wall = form.find("wall_ns"); wall != form.end()) {
      const std::chrono::nanoseconds since{integer_from<std::int64_t>(*wall)};
      made.wall =
          wall_time{std::chrono::duration_cast<wall_time::duration>(since)};
    }
    made.run = name_in(form.at("run"));
    made.node = name_in(form.at("node"));
    made.step = integer_from<std::uint64_t>(form.at("step"));
    made.attempt = integer_from<std::uint32_t>(form.at("attempt"));
    if (const auto item = form.find("item"); item != form.end()) {
      made.item = integer_from<std::size_t>(*item);
    }
    made.text = as_utf8(form.value("text", std::string{}));
    if (const auto wait = form.find("wait_ns"); wait != form.end()) {
      const duration span{integer_from<duration::rep>(*wait)};
      made.wait = std::clamp(span, duration::zero(), retry_wait_max);
    }
    if (const auto data = form.find("data"); data != form.end()) {
      made.data = value{*data};
    }
    return made;
  } catch (const json::exception& why) {
    throw error{errc::bad_value,
                std::string{"invalid form of an event: "} + why.what()};
  }
}

}  // namespace troupe::detail
