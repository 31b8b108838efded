#include "text.hpp"

#include "troupe/json.hpp"

#include <algorithm>
#include <new>
#include <string>

namespace troupe::detail {

bool is_utf8(std::string_view bytes) {
  const bool ascii = std::all_of(bytes.begin(), bytes.end(), [](char byte) {
    return static_cast<unsigned char>(byte) < 0x80;
  });
  if (ascii) return true;
  try {
    // The strict dump refuses what is not UTF-8.
    (void)json(std::string{bytes}).dump();
    return true;
  } catch (const json::exception&) {
    return false;
  }
}

text* text::make(std::string_view bytes) {
  void* memory = ::operator new(sizeof(text) + bytes.size());
  text* made = new (memory) text{bytes.size()};
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(made + 1));
  return made;
}

}  // namespace troupe::detail
