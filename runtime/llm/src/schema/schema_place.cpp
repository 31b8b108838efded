#include "schema/schema_place.hpp"

#include "troupe/printable.hpp"

#include <charconv>
#include <optional>

namespace troupe::llm::detail {

namespace {

constexpr std::size_t place_bytes_max = 200;
constexpr std::size_t part_bytes_max = 60;

/// Finds `wanted` in `from`, as a JSON pointer that is cut.
bool find_place(const json& from, const json& wanted, std::string& place) {
  if (&from == &wanted) return true;
  if (!from.is_structured()) return false;
  std::size_t at = 0;
  for (auto each = from.begin(); each != from.end(); ++each, ++at) {
    if (!find_place(*each, wanted, place)) continue;
    const auto part = from.is_object() ? each.key() : std::to_string(at);
    place = "/" + cut(part, part_bytes_max) + place;
    return true;
  }
  return false;
}

/// The text of a reference without its '#' and its escapes, or nothing.
std::optional<std::string> fragment(std::string_view text) {
  std::string found;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] != '%') {
      found += text[i];
      continue;
    }
    unsigned code = 0;
    const auto digits = text.substr(i + 1, 2);
    const auto end =
        std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
    if (digits.size() != 2 || end.ptr != digits.data() + 2) return std::nullopt;
    found += static_cast<char>(code);
    i += 2;
  }
  return found;
}

}  // namespace

std::string place_in(const json& root, const json& wanted) {
  std::string place;
  static_cast<void>(find_place(root, wanted, place));
  return printable(place, line_breaks::joined, place_bytes_max);
}

const json* target_in(const json& root, std::string_view reference) {
  const auto text = fragment(reference);
  if (!text) return nullptr;
  try {
    const json::json_pointer place{*text};
    return root.contains(place) ? &root.at(place) : nullptr;
  } catch (const json::exception&) {
    return nullptr;
  }
}

std::size_t bytes_in(const json& form) {
  if (form.is_string()) return form.get_ref<const std::string&>().size();
  std::size_t bytes = 0;
  if (form.is_object()) {
    for (auto each = form.begin(); each != form.end(); ++each) {
      bytes += each.key().size() + bytes_in(*each);
    }
  } else if (form.is_array()) {
    for (const auto& each : form) bytes += bytes_in(each);
  }
  return bytes;
}

}  // namespace troupe::llm::detail
