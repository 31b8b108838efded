#include "troupe/state.hpp"

#include "base/text.hpp"
#include "document/arithmetic.hpp"
#include "document/path.hpp"
#include "document/recorder.hpp"
#include "document/target.hpp"
#include "document/tree.hpp"
#include "troupe/error.hpp"
#include "troupe/printable.hpp"

#include <algorithm>
#include <cassert>
#include <optional>
#include <vector>

namespace troupe {

using detail::path_reader;
using detail::target;
using detail::tree;
using kind = delta::kind;

namespace {

std::string quoted(std::string_view path) {
  return '"' + std::string{path} + '"';
}

// The step of a token in a container; no position for "-", or for what does not
// name an element.
struct step {
  target where;
  bool appends;
};

std::optional<step> step_of(const value& container, std::string_view token) {
  if (container.is_object()) return step{target::of(token), false};
  const std::size_t size = container.size();
  if (token == "-") return step{target::of(size), true};
  const auto position = detail::position_of(token);
  if (!position || *position > size) return std::nullopt;
  return step{target::of(*position), *position == size};
}

// The place that a write to a path would find.
struct spot {
  const value* found = nullptr;
  // The array that would grow, as the part of the path that leads to it.
  std::optional<std::string_view> grows;
};

spot look(const value& root, std::string_view path) {
  const value* at = &root;
  for (path_reader reader{path}; !reader.done();) {
    const std::size_t used = path.size() - reader.rest().size();
    const std::string_view token = reader.next();
    if (!at->is_object() && !at->is_array()) {
      throw error{errc::wrong_type, "the path " + quoted(path) +
                                        " leads through " +
                                        std::string{at->type_name()} + " at " +
                                        quoted(path.substr(0, used))};
    }
    const auto next = step_of(*at, token);
    if (!next) {
      throw error{errc::missing_key, "the path " + quoted(path) +
                                         " names no element of an array of " +
                                         std::to_string(at->size()) +
                                         " elements"};
    }
    if (next->appends) return {nullptr, path.substr(0, used)};
    at = tree::find(*at, next->where);
    if (at == nullptr) return {};
  }
  return {at, std::nullopt};
}

// Refuses what a write would otherwise find out half-way.
void check(std::string_view path, std::size_t depth) {
  if (detail::length_of(path) + depth > value::max_depth) {
    throw error{errc::bad_value, "containers would nest deeper than " +
                                     std::to_string(value::max_depth) +
                                     " levels"};
  }
  if (!is_utf8(path)) {
    throw error{errc::bad_value, "a key of the path is not valid UTF-8"};
  }
  if (path.find('~') == path.npos) return;
  for (path_reader reader{path}; !reader.done();) (void)reader.next();
}

// Objects within each other along the rest of a path.
value nested(path_reader rest, value item) {
  std::vector<std::string> keys;
  while (!rest.done()) keys.emplace_back(rest.next());
  for (auto key = keys.rbegin(); key != keys.rend(); ++key) {
    item = value::object().with(*key, std::move(item));
  }
  return item;
}

// Puts `item` where the path leads, or takes away what is there.
// @pre `look` found the way.
void change(value& at, path_reader rest, value* item) {
  const std::string_view token = rest.next();
  const auto next = step_of(at, token);
  assert(next);
  const target where = next->where;
  if (rest.done()) {
    if (item != nullptr) {
      tree::put(at, where, std::move(*item));
    } else {
      tree::remove(at, where);
    }
    return;
  }
  value* child = tree::open(at, where);
  if (child == nullptr) {
    tree::put(at, where, nested(rest, std::move(*item)));
    return;
  }
  const std::size_t depth = child->depth();
  // A copy of the reader goes on; this one may hold the key.
  change(*child, rest, item);
  if (child->depth() != depth) tree::refresh(at, where);
}

std::string_view parent_of(std::string_view pointer) {
  return pointer.substr(0, pointer.rfind('/'));
}

void require_number(const value& operand) {
  if (operand.is_number()) return;
  throw error{errc::wrong_type, "the operand must be a number, got " +
                                    std::string{operand.type_name()}};
}

}  // namespace

// -- constructors ------------------------------------------------------------

state::state() noexcept : root_{value::object()} {}

state::state(value document) : root_{std::move(document)} {
  if (root_.is_object()) return;
  throw error{errc::bad_value,
              "the document of a state must be an object, got " +
                  std::string{root_.type_name()}};
}

state::state(const state& other) noexcept : root_{other.root_} {}

state::state(state&& other) noexcept
    : root_{std::move(other.root_)},
      recorder_{std::move(other.recorder_)},
      recording_{std::exchange(other.recording_, false)} {
  other.root_ = value::object();
}

state& state::operator=(const state& other) noexcept {
  return *this = state{other};
}

state& state::operator=(state&& other) noexcept {
  if (this == &other) return *this;
  root_ = std::move(other.root_);
  recorder_ = std::move(other.recorder_);
  recording_ = std::exchange(other.recording_, false);
  other.root_ = value::object();
  return *this;
}

state::~state() = default;

// -- reading -----------------------------------------------------------------

const value& state::held_at(std::string_view path) const {
  const value* found = find(path);
  if (found != nullptr) return *found;
  throw error{errc::missing_key, "the state has nothing at " + quoted(path)};
}

void state::rethrow_at(std::string_view path) {
  try {
    throw;
  } catch (const error& why) {
    if (why.code() != errc::wrong_type) throw;
    throw error{why.code(), why.message() + " at " + quoted(path)};
  }
}

// -- writing -----------------------------------------------------------------

void state::set(std::string_view path, value item) {
  if (!recording_ && !detail::is_pointer(path)) {
    tree::put(root_, target::of(path), std::move(item));
    return;
  }
  put(path, std::move(item), kind::set, nullptr);
}

// Writes `item`, the outcome of `what` with `operand`.
void state::put(std::string_view path, value item, kind what,
                const value& operand) {
  check(path, item.depth());
  if (path.empty() && !item.is_object()) {
    throw error{errc::bad_value,
                "the document of a state must be an object, got " +
                    std::string{item.type_name()}};
  }
  if (recording_) {
    const auto grows = look(root_, path).grows;
    if (grows) {
      note(kind::append, detail::pointer_of(*grows), 1);
    } else {
      note(what, detail::pointer_of(path), operand);
    }
  } else {
    (void)look(root_, path);
  }
  if (path.empty()) {
    root_ = std::move(item);
  } else {
    change(root_, path_reader{path}, &item);
  }
}

bool state::erase(std::string_view path) {
  return remove(path, /*make_parents=*/false);
}

bool state::remove(std::string_view path, bool make_parents) {
  if (path.empty()) {
    throw error{errc::bad_value, "the whole document cannot be erased"};
  }
  const bool there = contains(path);
  if (!there && !make_parents) return false;
  check(path, 0);
  const std::string pointer = detail::pointer_of(path);
  const std::string_view parent = parent_of(pointer);
  const value* holder = find(parent);
  // Positions move when an element goes, so the array counts as set.
  const bool in_array = holder != nullptr && holder->is_array();
  if (!there && look(root_, pointer).grows) return false;
  if (recording_) {
    note(in_array ? kind::set : kind::erase,
         in_array ? std::string{parent} : pointer, nullptr);
  }
  if (there) {
    change(root_, path_reader{path}, nullptr);
  } else if (holder == nullptr) {
    value made = value::object();
    change(root_, path_reader{parent}, &made);
  }
  return there;
}

void state::append(std::string_view path, value item) {
  append_all(path, value::array({std::move(item)}));
}

void state::append_all(std::string_view path, const value& items) {
  check(path, items.depth());
  const spot at = look(root_, path);
  if (at.found == nullptr) {
    put(path, items, kind::append, items.size());
    return;
  }
  if (!at.found->is_array()) {
    throw error{errc::wrong_type, "cannot append to " +
                                      std::string{at.found->type_name()} +
                                      " at " + quoted(path)};
  }
  std::string end = detail::pointer_of(path);
  if (recording_) note(kind::append, end, items.size());
  end += "/-";
  for (value item : items) change(root_, path_reader{end}, &item);
}

void state::add(std::string_view path, const value& number) {
  combine(path, number, kind::add);
}

void state::min(std::string_view path, const value& number) {
  combine(path, number, kind::min);
}

void state::max(std::string_view path, const value& number) {
  combine(path, number, kind::max);
}

void state::combine(std::string_view path, const value& operand, kind what) {
  require_number(operand);
  const value* found = look(root_, path).found;
  if (found == nullptr) {
    put(path, operand, what, operand);
    return;
  }
  if (!found->is_number()) {
    throw error{errc::wrong_type, "wanted a number at " + quoted(path) +
                                      ", found " +
                                      std::string{found->type_name()}};
  }
  value outcome = *found;
  if (what == kind::add) {
    outcome = detail::arithmetic::sum(outcome, operand);
  } else if (what == kind::min ? detail::arithmetic::less(operand, outcome)
                               : detail::arithmetic::less(outcome, operand)) {
    outcome = operand;
  }
  put(path, std::move(outcome), what, operand);
}

void state::merge(std::string_view path, const value& patch) {
  if (!patch.is_object()) {
    throw error{errc::wrong_type, "a merge patch must be an object, got " +
                                      std::string{patch.type_name()}};
  }
  check(path, patch.depth());
  const spot at = look(root_, path);
  std::string above = detail::pointer_of(path);
  if (at.grows) {
    // From here on the new element has a position.
    std::string array = detail::pointer_of(*at.grows);
    const std::size_t rest = above.find('/', array.size() + 1);
    detail::append_token(array, std::to_string(find(array)->size()));
    if (rest != std::string::npos) array += above.substr(rest);
    above = std::move(array);
  }
  const bool replaces = at.found != nullptr && !at.found->is_object();
  if (replaces || at.grows || (at.found == nullptr && patch.empty())) {
    set(above, value::object());
  }
  for (const auto [key, item] : patch.members()) {
    std::string below = above;
    detail::append_token(below, key);
    if (item.is_null()) {
      remove(below, /*make_parents=*/true);
    } else if (item.is_object()) {
      merge(below, item);
    } else {
      set(below, item);
    }
  }
}

void state::apply(const delta& writes) {
  for (const delta::operation& each : writes.ops()) apply(each);
}

void state::apply(const delta::operation& write) {
  switch (write.what) {
    case kind::set:
      return set(write.path, write.operand);
    case kind::erase:
      remove(write.path, /*make_parents=*/true);
      return;
    case kind::append:
      return append_all(write.path, write.operand);
    case kind::add:
    case kind::min:
    case kind::max:
      return combine(write.path, write.operand, write.what);
  }
}

// -- recording ---------------------------------------------------------------

void state::record() {
  recorder_.reset();
  recording_ = true;
}

void state::note(kind what, std::string pointer, const value& operand) {
  if (!recorder_) recorder_ = std::make_unique<detail::recorder>();
  recorder_->note(root_, what, std::move(pointer), operand);
}

delta state::take_delta() {
  recording_ = false;
  const auto recorded = std::move(recorder_);
  if (!recorded) return {};
  return delta{recorded->take(root_)};
}

// -- entries -----------------------------------------------------------------

state_entry state::operator[](const value& key) {
  return state_entry{*this, {}}[key];
}

}  // namespace troupe
