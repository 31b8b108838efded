#include "base/text.hpp"

#include <algorithm>
#include <new>

namespace troupe::detail {

text* text::make(std::string_view bytes) {
  void* memory = ::operator new(sizeof(text) + bytes.size());
  text* made = new (memory) text{bytes.size()};
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(made + 1));
  return made;
}

}  // namespace troupe::detail
