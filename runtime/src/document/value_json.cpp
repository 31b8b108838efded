// A value from its JSON form, and back.

#include "base/text.hpp"
#include "document/path.hpp"
#include "troupe/error.hpp"
#include "troupe/json_text.hpp"
#include "troupe/printable.hpp"
#include "troupe/value.hpp"

#include <cmath>
#include <string>
#include <string_view>
#include <utility>

namespace troupe {

namespace {

// A place in a JSON form: rendered only when something is refused.
struct place {
  const place* above;
  std::string_view key;
  std::size_t position;
  std::size_t depth;
};

std::string pointer_of(const place* at) {
  if (at == nullptr) return {};
  std::string pointer = pointer_of(at->above);
  if (at->key.data() == nullptr) {
    return pointer + '/' + std::to_string(at->position);
  }
  detail::append_token(pointer, at->key);
  return pointer;
}

[[noreturn]] void refuse(const place* at, std::string_view what) {
  // Enough to find it, and short also where the form is deep.
  constexpr std::size_t longest = 200;
  std::string pointer = pointer_of(at);
  if (pointer.size() > longest) pointer = pointer.substr(0, longest) + "...";
  const std::string where =
      pointer.empty() ? "the document" : '"' + pointer + '"';
  throw error{errc::bad_value, where + ' ' + std::string{what}};
}

value build(const json& form, const place* above);

value build_container(const json& form, const place* above) {
  const std::size_t depth = above == nullptr ? 0 : above->depth;
  if (depth == value::max_depth) {
    refuse(above, "nests containers deeper than " +
                      std::to_string(value::max_depth) + " levels");
  }
  value made = form.is_array() ? value::array() : value::object();
  if (form.is_array()) {
    for (std::size_t i = 0; i != form.size(); ++i) {
      const place at{above, {}, i, depth + 1};
      made = std::move(made).appended(build(form[i], &at));
    }
    return made;
  }
  for (const auto& member : form.items()) {
    const std::string& key = member.key();
    if (!is_utf8(key)) refuse(above, "has a key that is not UTF-8");
    const place at{above, key, 0, depth + 1};
    made = std::move(made).with(key, build(member.value(), &at));
  }
  return made;
}

value build(const json& form, const place* above) {
  switch (form.type()) {
    case json::value_t::null:
      return {};
    case json::value_t::boolean:
      return form.get<bool>();
    case json::value_t::number_integer:
      return form.get<std::int64_t>();
    case json::value_t::number_unsigned:
      return form.get<std::uint64_t>();
    case json::value_t::number_float: {
      const double number = form.get<double>();
      if (!std::isfinite(number)) refuse(above, "is not a finite number");
      return number;
    }
    case json::value_t::string: {
      const std::string& text = form.get_ref<const std::string&>();
      if (!is_utf8(text)) refuse(above, "is not valid UTF-8");
      return text;
    }
    case json::value_t::array:
    case json::value_t::object:
      return build_container(form, above);
    default:
      refuse(above, "is binary data or a failed parse, which JSON cannot hold");
  }
}

}  // namespace

value::value(const json& form) : value{build(form, nullptr)} {}

json value::to_json() const {
  switch (tag_) {
    case tag::null:
      return nullptr;
    case tag::boolean:
      return content_.integer != 0;
    case tag::integer:
      return content_.integer;
    case tag::natural:
      return static_cast<std::uint64_t>(content_.integer);
    case tag::real:
      return content_.real;
    case tag::string:
      return std::string{as_text()};
    case tag::array: {
      json form = json::array();
      for (const value& element : *this) form.push_back(element.to_json());
      return form;
    }
    case tag::object: {
      json form = json::object();
      auto& into = form.get_ref<json::object_t&>();
      for (const auto [key, item] : members()) {
        into.emplace_hint(into.end(), std::string{key}, item.to_json());
      }
      return form;
    }
  }
  return nullptr;
}

std::string value::dump() const { return write_json(to_json()); }

}  // namespace troupe

void nlohmann::adl_serializer<troupe::value>::to_json(
    json& form, const troupe::value& from) {
  form = from.to_json();
}

void nlohmann::adl_serializer<troupe::value>::from_json(const json& form,
                                                        troupe::value& into) {
  into = troupe::value{form};
}
