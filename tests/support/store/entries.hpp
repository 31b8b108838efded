#pragma once

#include <troupe/detail/node/position.hpp>
#include <troupe/state.hpp>
#include <troupe/store/log_entry.hpp>
#include <troupe/store/stored_forms.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace troupe_test {

/// A delta of one write.
inline troupe::delta write(const std::string& path, troupe::value to) {
  troupe::state document;
  document.record();
  document.set(path, std::move(to));
  return document.take_delta();
}

inline troupe::position place(
    const std::string& node,
    troupe::position::stage at = troupe::position::stage::begin) {
  troupe::position made;
  made.path = {node};
  made.at = at;
  made.steps = 1;
  return made;
}

/// Entries of the log of a run.
inline troupe::log_entry step_entry(std::uint64_t step, troupe::delta wrote,
                                    std::string address = {},
                                    troupe::position then = place("next")) {
  troupe::detail::step_form form{std::move(then), {}, std::move(wrote), 0};
  troupe::log_entry made{troupe::log_entry::kind::step, std::move(address),
                         step};
  made.body = form.to_text();
  return made;
}

inline troupe::log_entry attempt_entry(std::uint64_t step,
                                       const troupe::detail::attempt_form& form,
                                       std::string address = {}) {
  troupe::log_entry made{troupe::log_entry::kind::attempt, std::move(address),
                         step};
  made.body = form.to_text();
  return made;
}

inline troupe::log_entry snapshot_entry(
    std::uint64_t step, const troupe::detail::snapshot_form& form,
    std::string address = {}) {
  troupe::log_entry made{troupe::log_entry::kind::snapshot, std::move(address),
                         step};
  made.body = form.to_text();
  return made;
}

/// One of an item: `item_taken` or `result`.
inline troupe::log_entry item_entry(troupe::log_entry::kind what,
                                    std::uint64_t step, std::uint64_t item,
                                    const troupe::value& body,
                                    std::string address = {}) {
  return {what, std::move(address),
          step, item,
          {},   troupe::detail::stored_form(body)};
}

inline troupe::log_entry ended_entry(
    std::uint64_t step, std::uint64_t item,
    troupe::branch_outcome::kind how = troupe::branch_outcome::kind::finished,
    troupe::delta wrote = {}, std::string address = {}) {
  troupe::detail::branch_end end;
  end.index = item;
  end.how = how;
  end.wrote = std::move(wrote);
  if (how != troupe::branch_outcome::kind::finished) {
    end.failure = std::make_shared<const troupe::error>(
        troupe::errc::node_threw, "as the test asks");
  }
  return {
      troupe::log_entry::kind::item_ended, std::move(address), step, item, {},
      troupe::detail::stored_form(end)};
}

inline troupe::log_entry begun_entry(std::uint64_t step, std::string name,
                                     std::string address = {}) {
  return {
      troupe::log_entry::kind::effect_begun, std::move(address), step,
      troupe::log_entry::no_index,           std::move(name),    {"null", {}}};
}

inline troupe::log_entry effect_entry(std::uint64_t step, std::string name,
                                      const troupe::detail::effect_form& form,
                                      std::string address = {}) {
  return {troupe::log_entry::kind::effect_ended,
          std::move(address),
          step,
          troupe::log_entry::no_index,
          std::move(name),
          form.to_text()};
}

}  // namespace troupe_test
