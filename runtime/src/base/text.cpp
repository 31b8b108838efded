#include "base/text.hpp"

#include "troupe/printable.hpp"

#include <algorithm>
#include <cassert>
#include <new>

namespace troupe::detail {

text* text::make(std::string_view bytes) {
  assert(is_utf8(bytes));
  void* memory = ::operator new(sizeof(text) + bytes.size());
  text* made = new (memory) text{bytes.size()};
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(made + 1));
  return made;
}

}  // namespace troupe::detail
