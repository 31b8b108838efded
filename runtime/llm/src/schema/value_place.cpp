#include "schema/value_place.hpp"

#include "troupe/printable.hpp"

namespace troupe::llm::detail {

std::string shown_place(const std::vector<place_part>& parts) {
  constexpr std::size_t bytes_max = 150;
  constexpr std::size_t name_bytes_max = 60;
  if (parts.empty()) return "the value";
  std::string text;
  for (const auto& each : parts) {
    text += "/" + (each.name == nullptr ? std::to_string(each.index)
                                        : cut(*each.name, name_bytes_max));
    if (text.size() > bytes_max) break;
  }
  return printable(text, line_breaks::joined, bytes_max);
}

}  // namespace troupe::llm::detail
