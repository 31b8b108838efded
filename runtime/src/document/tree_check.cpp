// The invariants of the nodes of a container between calls.

#include "document/tree.hpp"
#include "troupe/printable.hpp"

#include <algorithm>
#include <cassert>

namespace troupe::detail {

void tree::check(const value& container) {
  if (!container.is_object() && !container.is_array()) return;
  const tree* first = root(container);
  if (first == nullptr) return;
  assert(first->depth <= value::max_depth);
  first->check(container.is_object());
}

void tree::check([[maybe_unused]] bool by_key) const {
#ifndef NDEBUG
  assert(count >= 1 && count <= capacity && count <= fan_out);
  assert((keys != nullptr) == by_key);
  if (by_key) check_keys();
  std::size_t elements = 0;
  std::size_t deepest = 0;
  for (std::size_t i = 0; i != count; ++i) {
    const value& each = slots()[i];
    deepest = std::max(deepest, each.depth());
    if (height == 0) {
      ++elements;
      check(each);
      continue;
    }
    const tree* child = root(each);
    assert(child != nullptr && child->height + 1 == height);
    child->check(by_key);
    elements += child->size;
  }
  assert(size == elements);
  assert(depth == deepest + (height == 0 ? 1 : 0));
#endif
}

// The key of a child, but for the first, is at most as great as all keys in
// it, and greater than all before it.
void tree::check_keys() const {
#ifndef NDEBUG
  assert(keys->count == count && keys->count <= keys->capacity);
  const key* all = keys->begin();
  const auto is_less = [](const key& a, const key& b) {
    return compare(a, target::of(b.name->view())) < 0;
  };
  for (std::size_t i = height == 0 ? 0 : 1; i != count; ++i) {
    assert(all[i].prefix == target::of(all[i].name->view()).prefix);
    assert(is_utf8(all[i].name->view()));
    assert(i < 2 || is_less(all[i - 1], all[i]));
  }
  if (height == 0) {
    assert(count < 2 || is_less(all[0], all[1]));
    return;
  }
  for (std::size_t i = 1; i != count; ++i) {
    const tree* before = root(slots()[i - 1]);
    while (before->height != 0) {
      before = root(before->slots()[before->count - 1]);
    }
    assert(is_less(before->keys->begin()[before->count - 1], all[i]));
    const tree* after = root(slots()[i]);
    while (after->height != 0) after = root(after->slots()[0]);
    assert(!is_less(after->keys->begin()[0], all[i]));
  }
#endif
}

}  // namespace troupe::detail
