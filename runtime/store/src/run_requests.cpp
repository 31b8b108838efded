// The requests of the program `troupe` to the owner of a store.

#include "troupe/detail/value/integer_from.hpp"
#include "troupe/printable.hpp"
#include "troupe/store/run_commands.hpp"

#include <exception>
#include <utility>

namespace troupe {

namespace {

using detail::integer_from;

const json* member(const json& of, const char* name) {
  const auto found = of.find(name);
  return found == of.end() || found->is_null() ? nullptr : &*found;
}

std::string as_text(const json& from, const char* name) {
  if (from.is_string()) return from.get<std::string>();
  throw error{errc::bad_value,
              std::string{"invalid request: '"} + name + "' is no text"};
}

std::string text_in(const json& request, const char* name) {
  if (const auto* found = member(request, name)) return as_text(*found, name);
  throw error{errc::bad_value,
              std::string{"invalid request: it has no '"} + name + "'"};
}

std::optional<std::string> text_if(const json& request, const char* name) {
  const auto* found = member(request, name);
  if (found == nullptr) return std::nullopt;
  return as_text(*found, name);
}

template <class Number>
std::optional<Number> number_if(const json& request, const char* name) {
  const auto* found = member(request, name);
  if (found == nullptr) return std::nullopt;
  return integer_from<Number>(*found);
}

json cancel(const command_scope& on, const json& request) {
  const auto done = cancel_run(
      *on.store, *on.reader, text_in(request, "run"),
      text_if(request, "reason").value_or("cancelled from the command line"));
  return {{"ok", true}, {"cancelled", done}};
}

json release(const command_scope& on, const json& request) {
  const bool changed =
      release_run(*on.store, *on.reader, text_in(request, "run"));
  return {{"ok", true}, {"changed", changed}, {"how", "parked"}};
}

json fork_it(const command_scope& on, const json& request) {
  fork_order what;
  what.run = text_in(request, "run");
  what.after_step = number_if<std::uint64_t>(request, "after_step");
  if (const auto* edits = member(request, "edits")) what.edits = value{*edits};
  what.id = text_if(request, "id").value_or("");
  what.now_ms = on.now_ms;
  const auto made = fork_run(*on.store, *on.reader, what);
  json answer{{"ok", true},
              {"id", made.id},
              {"forked_from", what.run},
              {"after_step", nullptr},
              {"next", made.next},
              {"over", made.is_over}};
  if (made.after_step) answer["after_step"] = *made.after_step;
  return answer;
}

json purge(const command_scope& on, const json& request) {
  run_query which;
  which.flow = text_if(request, "flow");
  which.version = text_if(request, "version");
  which.failure = text_if(request, "failure");
  which.ended_before_ms = number_if<std::int64_t>(request, "ended_before_ms");
  if (const auto* names = member(request, "statuses")) {
    if (!names->is_array()) {
      throw error{errc::bad_value, "invalid request: 'statuses' is no list"};
    }
    for (const auto& each : *names) {
      const auto name = as_text(each, "statuses");
      const auto status = run_status_named(name);
      if (!status || !is_over(*status)) {
        throw error{errc::bad_value, "runs of the status '" + printable(name) +
                                         "' are not purged; name finished, "
                                         "failed or cancelled"};
      }
      which.statuses.push_back(*status);
    }
  }
  return {{"ok", true}, {"purged", purge_runs(*on.store, which)}};
}

json settle(const command_scope& on, const json& request) {
  effect_choice which;
  which.run = text_in(request, "run");
  which.name = text_in(request, "effect");
  which.address = text_if(request, "address");
  which.index = number_if<std::uint64_t>(request, "item");
  detail::effect_form end;
  const auto result = request.find("result");
  const auto failure = text_if(request, "failure");
  if ((result != request.end()) == failure.has_value()) {
    throw error{errc::bad_value,
                "an effect ends with a result or with a failure; give one"};
  }
  if (failure) {
    end.failure = error{errc::node_threw, printable(*failure)}.permanent();
  } else {
    end.result = value{*result};
  }
  const auto settled = settle_effect(*on.store, *on.reader, which, end);
  return {{"ok", true},
          {"effect", settled.name},
          {"address", settled.address},
          {"step", settled.step}};
}

json perform(const command_scope& on, const json& request) {
  if (!request.is_object()) {
    throw error{errc::bad_value, "invalid request: it is no object"};
  }
  const auto verb = text_in(request, "verb");
  if (on.live && verb != "purge") {
    auto done = on.live(verb, text_in(request, "run"), request);
    if (done) return *std::move(done);
  }
  if (verb == "cancel") return cancel(on, request);
  if (verb == "resume") return release(on, request);
  if (verb == "fork") return fork_it(on, request);
  if (verb == "purge") return purge(on, request);
  if (verb == "settle") return settle(on, request);
  throw error{errc::bad_value,
              "there is no verb '" + printable(verb) + "' for stored runs"};
}

}  // namespace

json carry_out(const command_scope& on, const json& request) {
  try {
    return perform(on, request);
  } catch (const error& why) {
    return {{"error", why.message()}, {"code", to_string(why.code())}};
  } catch (const std::exception& why) {
    return {{"error", as_utf8(why.what())},
            {"code", to_string(errc::node_threw)}};
  }
}

json carry_out(run_store& store, store_reader& reader, const json& request) {
  command_scope on;
  on.store = &store;
  on.reader = &reader;
  return carry_out(on, request);
}

}  // namespace troupe
