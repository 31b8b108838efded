#include "troupe/store/stored_forms.hpp"

#include "form_reader.hpp"
#include "form_writer.hpp"
#include "troupe/detail/placed/error_form.hpp"
#include "troupe/detail/value/integer_from.hpp"
#include "troupe/json_text.hpp"
#include "troupe/printable.hpp"

#include <memory>
#include <utility>

namespace troupe::detail {

namespace {

/// Reads by `read`, whose errors become those of the store.
template <class Read>
auto read_stored(std::string_view what, const Read& read) {
  const auto refuse = [&](const std::string& why) {
    return error{errc::store_failed, "cannot read the stored form of " +
                                         std::string{what} + ": " +
                                         printable(why)};
  };
  try {
    return read();
  } catch (const error& why) {
    if (why.code() == errc::store_failed) throw;
    throw refuse(why.message());
  } catch (const json::exception& why) {
    throw refuse(why.what());
  }
}

void write_action(form_writer& to, const action& from) {
  if (from.is_default()) return;
  to.member("action");
  to.name(from.name());
}

void write_writes(form_writer& to, const delta& from) {
  if (from.empty()) return;
  to.member("wrote");
  to.writes(from);
}

void write_retries(form_writer& to, std::uint64_t from) {
  if (from == 0) return;
  to.member("retries");
  to.number(from);
}

void write_failure(form_writer& to, const error* from) {
  if (from == nullptr) return;
  to.member("failure");
  to.failure(*from);
}

action action_in(const json& form) {
  const auto found = form.find("action");
  if (found == form.end()) return {};
  return action{found->get_ref<const std::string&>()};
}

delta writes_in(json& form, form_reader& reader) {
  const auto found = form.find("wrote");
  if (found == form.end()) return {};
  return reader.writes_of(std::move(*found));
}

template <class Number>
Number number_in(const json& form, const char* name) {
  const auto found = form.find(name);
  return found == form.end() ? Number{0} : integer_from<Number>(*found);
}

std::optional<error> failure_in(const json& form) {
  const auto found = form.find("failure");
  if (found == form.end()) return std::nullopt;
  return error_from(*found);
}

constexpr std::string_view how_names[]{"finished", "failed", "cancelled"};

branch_outcome::kind outcome_in(const json& form) {
  const auto& name = form.at("how").get_ref<const std::string&>();
  for (std::size_t i = 0; i < std::size(how_names); ++i) {
    if (how_names[i] == name) return static_cast<branch_outcome::kind>(i);
  }
  throw error{errc::bad_value, "a sub-flow does not end by '" + name + "'"};
}

}  // namespace

// -- values ------------------------------------------------------------------

stored_text stored_form(const value& from) {
  form_writer to;
  to.whole(from);
  return to.take();
}

value value_from(const stored_text& form, const part_source& parts) {
  return read_stored("a value", [&] {
    form_reader reader{form, parts};
    return reader.value_of(reader.read());
  });
}

// -- a step ------------------------------------------------------------------

stored_text step_form::to_text() const {
  form_writer to;
  to.open('{');
  to.member("then");
  to.place(then);
  write_action(to, action);
  write_writes(to, wrote);
  write_retries(to, retries);
  to.close('}');
  return to.take();
}

step_form step_form::from(const stored_text& text, const part_source& parts) {
  return read_stored("a step", [&] {
    form_reader reader{text, parts};
    json form = reader.read_object({"then", "action", "wrote", "retries"});
    step_form made;
    made.then = position::from_json(form.at("then"));
    made.action = action_in(form);
    made.wrote = writes_in(form, reader);
    made.retries = number_in<std::uint64_t>(form, "retries");
    return made;
  });
}

// -- an attempt --------------------------------------------------------------

stored_text attempt_form::to_text() const {
  form_writer to;
  to.open('{');
  to.member("then");
  to.place(then);
  if (due_ms != 0) {
    to.member("due_ms");
    to.number(due_ms);
  }
  write_retries(to, retries);
  if (prepared) {
    to.member("prepared");
    to.whole(*prepared);
  }
  to.close('}');
  return to.take();
}

attempt_form attempt_form::from(const stored_text& text,
                                const part_source& parts) {
  return read_stored("an attempt", [&] {
    form_reader reader{text, parts};
    json form = reader.read_object({"then", "due_ms", "retries", "prepared"});
    attempt_form made;
    made.then = position::from_json(form.at("then"));
    made.due_ms = number_in<std::int64_t>(form, "due_ms");
    made.retries = number_in<std::uint64_t>(form, "retries");
    if (const auto kept = form.find("prepared"); kept != form.end()) {
      made.prepared = reader.value_of(std::move(*kept));
    }
    return made;
  });
}

// -- a snapshot --------------------------------------------------------------

stored_text snapshot_form::to_text() const {
  form_writer to;
  to.open('{');
  to.member("then");
  to.place(then);
  if (!document.empty()) {
    to.member("state");
    to.whole(document.root());
  }
  write_writes(to, wrote);
  write_retries(to, retries);
  to.close('}');
  return to.take();
}

snapshot_form snapshot_form::from(const stored_text& text,
                                  const part_source& parts) {
  return read_stored("a snapshot", [&] {
    form_reader reader{text, parts};
    json form = reader.read_object({"then", "state", "wrote", "retries"});
    snapshot_form made;
    made.then = position::from_json(form.at("then"));
    if (const auto kept = form.find("state"); kept != form.end()) {
      made.document = state{reader.value_of(std::move(*kept))};
    }
    made.wrote = writes_in(form, reader);
    made.retries = number_in<std::uint64_t>(form, "retries");
    return made;
  });
}

// -- ends --------------------------------------------------------------------

stored_text stored_form(const branch_end& from) {
  form_writer to;
  to.open('{');
  to.member("index");
  to.number(std::uint64_t{from.index});
  to.member("how");
  to.name(how_names[static_cast<std::size_t>(from.how)]);
  write_action(to, from.action);
  write_failure(to, from.failure.get());
  write_writes(to, from.wrote);
  to.close('}');
  return to.take();
}

branch_end branch_end_from(const stored_text& text, const part_source& parts) {
  return read_stored("the end of a sub-flow", [&] {
    form_reader reader{text, parts};
    json form =
        reader.read_object({"index", "how", "action", "failure", "wrote"});
    branch_end made;
    made.index = integer_from<std::size_t>(form.at("index"));
    made.how = outcome_in(form);
    made.action = action_in(form);
    if (auto why = failure_in(form)) {
      made.failure = std::make_shared<const error>(*std::move(why));
    }
    if ((made.how == branch_outcome::kind::failed) && !made.failure) {
      throw error{errc::bad_value, "it failed without a failure"};
    }
    made.wrote = writes_in(form, reader);
    return made;
  });
}

stored_text effect_form::to_text() const {
  form_writer to;
  to.open('{');
  if (failure) {
    write_failure(to, &*failure);
  } else {
    to.member("result");
    to.whole(result);
  }
  to.close('}');
  return to.take();
}

effect_form effect_form::from(const stored_text& text,
                              const part_source& parts) {
  return read_stored("the end of an effect", [&] {
    form_reader reader{text, parts};
    json form = reader.read_object({"result", "failure"});
    if (form.size() != 1) {
      throw error{errc::bad_value, "it needs a result or a failure"};
    }
    effect_form made;
    made.failure = failure_in(form);
    if (!made.failure) {
      made.result = reader.value_of(std::move(form.at("result")));
    }
    return made;
  });
}

std::string end_form::to_text() const {
  form_writer to;
  to.open('{');
  write_action(to, action);
  write_failure(to, failure ? &*failure : nullptr);
  to.close('}');
  return to.take().text;
}

end_form end_form::from(std::string_view text) {
  return read_stored("the end of a run", [&] {
    const stored_text kept{std::string{text}, {}};
    const part_source no_parts;
    form_reader reader{kept, no_parts};
    const json form = reader.read_object({"action", "failure"});
    end_form made;
    made.action = action_in(form);
    made.failure = failure_in(form);
    return made;
  });
}

}  // namespace troupe::detail
