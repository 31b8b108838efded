#include "form_reader.hpp"

#include "form_writer.hpp"
#include "troupe/json_text.hpp"
#include "troupe/printable.hpp"
#include "value_hash.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace troupe::detail {

namespace {

// A text within a member, or an operand, and that within the form.
constexpr std::size_t part_levels_max = 2;
// The containers around a value: the form, its writes, one of these.
constexpr std::size_t levels_around = 4;
constexpr std::string_view part_key = "$part";

[[noreturn]] void refuse_form(const std::string& why) {
  throw error{errc::bad_value, why};
}

}  // namespace

form_reader::form_reader(const stored_text& text, const part_source& parts)
    : text_(text),
      source_(parts),
      bytes_left_(stored_max),
      elements_left_(stored_elements_max) {
  for (const auto& each : text.parts) parts_.emplace(each.hash, &each.bytes);
}

json form_reader::read() { return parse(text_.text); }

json form_reader::read_object(std::initializer_list<std::string_view> names) {
  json form = read();
  if (!form.is_object()) refuse_form("it is not an object");
  for (const auto& [name, item] : form.items()) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      refuse_form("it has an unknown member '" + printable(name) + "'");
    }
  }
  return form;
}

value form_reader::value_of(json form) {
  restore(form, 0);
  return value{form};
}

delta form_reader::writes_of(json form) {
  if (!form.is_array()) refuse_form("its writes are not a list");
  for (auto& each : form) {
    if (each.is_array() && each.size() == 3) restore(each[2], 0);
  }
  return delta::from_json(form);
}

json form_reader::parse(std::string_view text) {
  json form = read_json(
      text, {bytes_left_, value::max_depth + levels_around, elements_left_});
  bytes_left_ -= text.size();
  return form;
}

void form_reader::restore(json& form, std::size_t level) {
  if (form.is_array()) {
    count(form.size() + 1);
    for (auto& each : form) restore(each, level);
  } else if (form.is_object()) {
    restore_object(form, level);
  }
}

void form_reader::restore_object(json& form, std::size_t level) {
  auto& members = form.get_ref<json::object_t&>();
  const auto part = members.find(part_key);
  if (part != members.end()) {
    if (members.size() != 1 || !part->second.is_string() ||
        !is_hash(part->second.get_ref<const std::string&>())) {
      refuse_form("it has an invalid reference to a part");
    }
    if (level == part_levels_max) refuse_form("its parts nest too deep");
    const std::string hash = part->second.get<std::string>();
    if (const auto known = parts_.find(hash); known != parts_.end()) {
      form = parse(*known->second);
    } else if (source_) {
      form = parse(source_(hash));
    } else {
      refuse_form("its part " + hash + " is missing");
    }
    restore(form, level + 1);
    return;
  }
  count(members.size() + 1);
  std::vector<json::object_t::node_type> renamed;
  for (auto at = members.lower_bound("$");
       at != members.end() && at->first.starts_with('$');) {
    if (!at->first.starts_with("$$")) {
      refuse_form("it has an invalid key '" + printable(at->first) + "'");
    }
    renamed.push_back(members.extract(at++));
    renamed.back().key().erase(0, 1);
  }
  for (auto& each : renamed) members.insert(std::move(each));
  for (auto& [key, item] : members) restore(item, level);
}

void form_reader::count(std::size_t elements) {
  if (elements > elements_left_) refuse_form("it has too many elements");
  elements_left_ -= elements;
}

}  // namespace troupe::detail
