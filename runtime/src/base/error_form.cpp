#include "troupe/detail/placed/error_form.hpp"

#include "troupe/detail/value/integer_from.hpp"
#include "troupe/printable.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace troupe::detail {

namespace {

// Errors are shown to people, and waited out by others.
constexpr std::size_t message_bytes = std::size_t{64} << 10;
constexpr std::size_t node_bytes = std::size_t{4} << 10;
constexpr duration retry_after_max = std::chrono::hours{24};

}  // namespace

json error_form(const error& from) {
  json form = {{"code", static_cast<int>(from.code())},
               {"message", from.message()}};
  if (!from.node().empty()) form["node"] = from.node();
  if (const auto item = from.item()) form["item"] = *item;
  if (const auto attempt = from.attempt()) form["attempt"] = *attempt;
  if (from.is_permanent()) form["permanent"] = true;
  if (const auto wait = from.retry_after()) {
    form["retry_after_ns"] = wait->count();
  }
  return form;
}

error error_from(const json& form) {
  try {
    const auto code = integer_from<int>(form.at("code"));
    const auto known = static_cast<errc>(code);
    if (code < 1 || static_cast<int>(known) != code ||
        to_string(known) == "unknown") {
      throw error{errc::bad_value, "invalid form of an error: unknown code " +
                                       std::to_string(code)};
    }
    error made{known,
               printable(form.at("message").get_ref<const std::string&>(),
                         line_breaks::kept, message_bytes)};
    if (const auto node = form.find("node"); node != form.end()) {
      made.at_node(printable(node->get_ref<const std::string&>(),
                             line_breaks::joined, node_bytes));
    }
    if (const auto item = form.find("item"); item != form.end()) {
      made.at_item(integer_from<std::size_t>(*item));
    }
    if (const auto attempt = form.find("attempt"); attempt != form.end()) {
      made.at_attempt(integer_from<std::uint32_t>(*attempt));
    }
    if (form.value("permanent", false)) made.permanent();
    if (const auto wait = form.find("retry_after_ns"); wait != form.end()) {
      const duration span{integer_from<duration::rep>(*wait)};
      made.retry_after(std::clamp(span, duration::zero(), retry_after_max));
    }
    return made;
  } catch (const json::exception& why) {
    throw error{errc::bad_value,
                std::string{"invalid form of an error: "} + why.what()};
  }
}

}  // namespace troupe::detail
