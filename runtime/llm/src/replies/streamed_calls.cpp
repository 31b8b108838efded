#include "replies/streamed_calls.hpp"

#include "replies/kept_content.hpp"

#include <algorithm>
#include <utility>

namespace troupe::llm::detail {

namespace {

constexpr std::size_t calls_max = 1'000;

json unknown_of_call(const json& form) {
  json found = unknown_in(form, {"id", "index", "type", "function", "name",
                                 "arguments", "parameters"});
  if (!form.is_object()) return found;
  if (const auto type = form.find("type"); type != form.end() &&
                                           type->is_string() &&
                                           *type != "function" && *type != "") {
    found["type"] = *type;
  }
  if (const auto function = form.find("function"); function != form.end()) {
    auto inner = unknown_in(*function, {"name", "arguments", "parameters"});
    if (!inner.is_null()) found["function"] = std::move(inner);
  }
  return found;
}

bool parses(std::string_view arguments) {
  arguments = trimmed(arguments);
  if (!arguments.starts_with('{') || !arguments.ends_with('}')) return false;
  return try_read_json(arguments, reply_bounds).has_value();
}

/// A call by name and arguments. Some servers leave out the object around it.
reply_fields function_of(const reply_fields& call) {
  const auto function = call.object_or_null("function");
  return function.is_null() && call.form().contains("name") ? call : function;
}

/// Models that were taught another name for them get some servers to use it.
reply_fields arguments_given(const reply_fields& function) {
  const auto usual = function.find("arguments");
  return usual.is_null() ? function.find("parameters") : usual;
}

bool has_nothing(const reply_fields& function) {
  const auto& given = arguments_given(function).form();
  return function.id_or_none("name").empty() && (given.empty() || given == "");
}

/// Elements of a list; some servers send the element alone, others an empty
/// text or object where there are none.
std::vector<reply_fields> elements_of(const reply_fields& list) {
  std::vector<reply_fields> found;
  const auto& form = list.form();
  if (form.is_object() && form.contains("function")) found.push_back(list);
  if (!form.is_array()) return found;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto each = list.at(i);
    if (!each.is_null() && each.form() != json::object()) found.push_back(each);
  }
  if (found.size() > calls_max) list.refuse("has too many calls");
  return found;
}

void add_name(std::string& name, const std::string& piece) {
  if (piece.starts_with(name)) {
    // Repeated, or grown.
    name = piece;
  } else {
    name += piece;
  }
}

void add_arguments(std::string& arguments, const std::string& piece) {
  const bool is_repeated =
      piece.size() > 1 && piece == arguments && parses(piece);
  if (!is_repeated) arguments += piece;
}

/// The arguments of pieces that do not make one value together: some servers
/// begin with an empty object, others say all again, or send in each piece what
/// there is so far.
std::string_view best_of(std::string_view all, std::string_view last) {
  if (trimmed(all).empty() || parses(all)) return all;
  if (parses(last)) return last;
  const auto half = all.substr(0, all.size() / 2);
  if (all.substr(half.size()) == half && parses(half)) return half;
  const auto rest = trimmed(all);
  const auto second = rest.starts_with("{}") ? rest.substr(2) : rest;
  return parses(second) ? second : all;
}

}  // namespace

server_content kept_of_call(const json& form) {
  return kept("openai_chat", unknown_of_call(form));
}

std::vector<tool_call> calls_in(const reply_fields& list) {
  std::vector<tool_call> calls;
  for (const auto& call : elements_of(list)) {
    const auto function = function_of(call);
    if (function.is_null()) call.at("function").refuse_type("an object");
    if (has_nothing(function)) continue;
    calls.push_back({id_or_made(call.id_or_none("id"), calls.size()),
                     function.at("name").text(),
                     arguments_of(arguments_given(function).form()),
                     kept_of_call(call.form())});
  }
  return calls;
}

struct streamed_calls::piece {
  explicit piece(const reply_fields& from)
      : form(from.form()),
        id(from.id_or_none("id")),
        index(from.count("index")) {
    const auto function = function_of(from);
    if (function.is_null()) return;
    name = function.text_or("name");
    const auto& given = arguments_given(function).form();
    if (given.is_string()) {
      arguments = given.get<std::string>();
    } else if (!given.is_null()) {
      arguments = write_json(given, bad_text::replaced);
    }
  }

  /// True if this has another id than `open`.
  [[nodiscard]] bool has_other_id(const call& open) const {
    return !id.empty() && !open.id.empty() && id != open.id;
  }

  /// Returns whether the id says so. Some servers make one up for each piece,
  /// but a call begins with a name.
  [[nodiscard]] bool is_of_another(const call& open) const {
    if (!has_other_id(open)) return false;
    return !name.empty() || !index || index != open.index;
  }

  /// True if this goes on with `open`, which lacks the rest of its arguments,
  /// though it has the name again, and an id that was made up for it.
  /// `has_made_up`: the server has done so before.
  [[nodiscard]] bool goes_on_with(const call& open, bool has_made_up) const {
    if (!has_other_id(open) || name != open.name || index != open.index) {
      return false;
    }
    if (arguments.empty()) return has_made_up;
    if (parses(open.arguments)) return false;
    const bool may_begin = trimmed(arguments).starts_with('{');
    return !may_begin ||
           (index && (!open.arguments.empty() || !parses(arguments)));
  }

  /// Returns whether this is the start of another call than `open`, which has
  /// the same index, or none.
  [[nodiscard]] bool begins_after(const call& open) const {
    if (name.empty()) return false;
    const bool is_same = name == open.name;
    if (open.arguments.empty()) return !is_same && parses(arguments);
    return !is_same || (!arguments.empty() && parses(open.arguments) &&
                        parses(arguments) && arguments != open.arguments);
  }

  /// True if `open`, which has the same id and index, is another call: both
  /// have all of their arguments.
  [[nodiscard]] bool is_another_of_id(const call& open) const {
    return !name.empty() && index == open.index && parses(arguments) &&
           parses(open.arguments) && trimmed(open.arguments) != "{}" &&
           arguments != open.arguments;
  }

  const json& form;
  std::string id;
  std::optional<std::uint64_t> index;
  std::string name;
  std::string arguments;
};

void streamed_calls::take(const reply_fields& pieces) {
  bool follows = false;
  for (const auto& each : elements_of(pieces)) {
    add(piece{each}, std::exchange(follows, true));
  }
}

// `follows`: another piece came before it in the same part of the stream.
streamed_calls::call& streamed_calls::place_of(const piece& from,
                                               bool follows) {
  const auto with_id = std::find_if(
      calls_.rbegin(), calls_.rend(),
      [&](const call& each) { return !from.id.empty() && each.id == from.id; });
  const bool is_elsewhere = with_id != calls_.rend() && from.index &&
                            with_id->index && from.index != with_id->index;
  if (with_id != calls_.rend()) {
    const bool is_new = is_elsewhere ? from.begins_after(*with_id)
                                     : from.is_another_of_id(*with_id);
    return is_new ? begun() : *with_id;
  }
  const auto last =
      std::find_if(calls_.rbegin(), calls_.rend(), [&](const call& each) {
        return !from.index || !each.index || each.index == from.index;
      });
  // Some servers count on with each piece of one call.
  const bool is_nameless = from.id.empty() && from.name.empty();
  if (last == calls_.rend() && is_nameless && !calls_.empty()) {
    return calls_.back();
  }
  if (last != calls_.rend() && !follows &&
      from.goes_on_with(*last, makes_up_ids_)) {
    makes_up_ids_ = true;
    return *last;
  }
  const bool is_another = last == calls_.rend() || from.is_of_another(*last) ||
                          (follows && !from.index && !from.name.empty()) ||
                          from.begins_after(*last);
  return is_another ? begun() : *last;
}

streamed_calls::call& streamed_calls::begun() {
  if (calls_.size() >= calls_max) {
    throw error{errc::bad_reply, "the reply has too many calls"};
  }
  return calls_.emplace_back();
}

void streamed_calls::add(const piece& from, bool follows) {
  auto& into = place_of(from, follows);
  if (into.id.empty()) into.id = from.id;
  if (from.index) into.index = from.index;
  add_name(into.name, from.name);
  add_arguments(into.arguments, from.arguments);
  if (!from.arguments.empty()) into.last = from.arguments;
  const auto unknown = unknown_of_call(from.form);
  if (!unknown.is_null()) merge_piece(into.unknown, unknown, {});
}

std::vector<tool_call> streamed_calls::finish() {
  std::vector<tool_call> made;
  for (auto& each : calls_) {
    if (each.name.empty() && trimmed(each.arguments).empty()) continue;
    if (each.name.empty()) {
      throw error{errc::bad_reply, "a call in the reply names no tool"};
    }
    made.push_back({id_or_made(each.id, made.size()), std::move(each.name),
                    arguments_in(best_of(each.arguments, each.last)),
                    kept("openai_chat", std::move(each.unknown))});
  }
  calls_.clear();
  return made;
}

}  // namespace troupe::llm::detail
