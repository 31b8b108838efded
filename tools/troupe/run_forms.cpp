#include "run_forms.hpp"

#include <troupe/json_text.hpp>
#include <troupe/store/stored_forms.hpp>

#include <optional>

namespace troupe_tool {

namespace {

using troupe::json;

json number_or_null(std::int64_t number) {
  return number == 0 ? json{} : json(number);
}

json text_or_null(const std::string& text) {
  return text.empty() ? json{} : json(text);
}

json index_or_null(std::uint64_t index) {
  return index == troupe::log_entry::no_index ? json{} : json(index);
}

json value_or_null(const std::optional<troupe::value>& item) {
  return item ? item->to_json() : json{};
}

}  // namespace

json form_of(const troupe::error& failure) {
  json form{{"code", troupe::to_string(failure.code())},
            {"message", failure.message()},
            {"node", text_or_null(failure.node())},
            {"item", nullptr},
            {"attempt", nullptr},
            {"permanent", failure.is_permanent()}};
  if (failure.item()) form["item"] = *failure.item();
  if (failure.attempt()) form["attempt"] = *failure.attempt();
  return form;
}

json form_of(const troupe::run_record& run) {
  json form{{"id", run.id},
            {"flow", run.flow},
            {"version", run.version},
            {"status", troupe::to_string(run.status)},
            {"durability", troupe::to_string(run.how)},
            {"steps", run.steps},
            {"recoveries", run.recoveries},
            {"recoveries_in_vain", run.recoveries_in_vain},
            {"created_ms", run.created_ms},
            {"updated_ms", run.updated_ms},
            {"ended_ms", number_or_null(run.ended_ms)},
            {"deadline_ms", number_or_null(run.deadline_ms)},
            {"parent", text_or_null(run.parent)},
            {"forked_from", text_or_null(run.forked_from)},
            {"forked_at", nullptr},
            {"released", troupe::was_released(run)},
            {"action", nullptr},
            {"failure", nullptr}};
  if (!run.forked_from.empty()) form["forked_at"] = run.forked_at;
  const bool has_end = troupe::is_over(run.status) ||
                       run.status == troupe::run_status::quarantined;
  if (has_end && !run.end.empty()) {
    const auto end = troupe::detail::end_form::from(run.end);
    if (end.failure) {
      form["failure"] = form_of(*end.failure);
    } else {
      form["action"] = std::string{end.action.name()};
    }
  }
  return form;
}

json form_of(const troupe::history_step& step) {
  return {{"number", step.number},     {"address", step.address},
          {"step", step.step},         {"node", text_or_null(step.node)},
          {"action", step.action},     {"at_ms", step.at_ms},
          {"attempts", step.attempts}, {"writes", step.writes},
          {"bytes", step.bytes}};
}

json form_of(const troupe::stored_entry& entry) {
  const auto& what = entry.entry;
  json form{{"number", entry.number},
            {"at_ms", entry.at_ms},
            {"kind", troupe::to_string(what.what)},
            {"address", what.address},
            {"step", what.step},
            {"item", index_or_null(what.index)},
            {"name", text_or_null(what.name)},
            {"body", nullptr}};
  // The bodies of others are the store's own.
  if (what.what == troupe::log_entry::kind::event) {
    if (auto body = troupe::try_read_json(what.body.text)) {
      form["body"] = *std::move(body);
    }
  }
  return form;
}

json form_of(const troupe::difference& change) {
  return {{"path", change.path},
          {"had", change.before.has_value()},
          {"has", change.after.has_value()},
          {"before", value_or_null(change.before)},
          {"after", value_or_null(change.after)}};
}

json form_of(const troupe::open_effect& effect) {
  return {{"name", effect.name},
          {"address", effect.address},
          {"step", effect.step},
          {"item", index_or_null(effect.index)}};
}

json form_of(const troupe::run_explanation& why) {
  auto chain = json::array();
  for (const auto& each : why.chain) {
    chain.push_back({{"run", each.run},
                     {"address", each.address},
                     {"step", each.step},
                     {"failure", form_of(each.why)}});
  }
  auto effects = json::array();
  for (const auto& each : why.effects) effects.push_back(form_of(each));
  auto changes = json::array();
  for (const auto& each : why.last_change) changes.push_back(form_of(each));
  return {{"run", form_of(why.run)},
          {"chain", std::move(chain)},
          {"at_run", why.at_run},
          {"address", why.address},
          {"step", why.step},
          {"node", text_or_null(why.node)},
          {"attempts", why.attempts},
          {"due_ms", number_or_null(why.due_ms)},
          {"effects", std::move(effects)},
          {"last", why.last ? form_of(*why.last) : json{}},
          {"changes", std::move(changes)}};
}

}  // namespace troupe_tool
