#include "troupe/action.hpp"
#include "troupe/error.hpp"
#include "troupe/event.hpp"
#include "troupe/printable.hpp"
#include "troupe/state.hpp"

#include <ostream>

namespace troupe {

std::ostream& operator<<(std::ostream& out, const action& from) {
  return out << printable(from.name());
}

std::ostream& operator<<(std::ostream& out, errc code) {
  return out << to_string(code);
}

std::ostream& operator<<(std::ostream& out, const error& from) {
  return out << printable(from.describe());
}

std::ostream& operator<<(std::ostream& out, event_kind kind) {
  return out << to_string(kind);
}

std::ostream& operator<<(std::ostream& out, const event& from) {
  out << from.kind << ' ' << printable(from.run);
  if (!from.node.empty()) out << ' ' << printable(from.node);
  if (from.item) out << " item " << *from.item;
  if (from.attempt != 0) out << " attempt " << from.attempt;
  if (!from.text.empty()) out << ": " << printable(from.text);
  return out;
}

std::ostream& operator<<(std::ostream& out, const state& from) {
  return out << from.root();
}

}  // namespace troupe
