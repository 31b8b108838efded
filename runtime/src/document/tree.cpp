#include "document/tree.hpp"

#include "base/text.hpp"
#include "troupe/error.hpp"
#include "troupe/printable.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <memory>
#include <new>
#include <string>

namespace troupe::detail {

// -- life of a node ----------------------------------------------------------

tree* tree::make(std::size_t height, std::size_t room) {
  void* memory = ::operator new(sizeof(tree) + room * sizeof(value));
  return new (memory) tree{height, room};
}

void tree::free(tree* gone) noexcept {
  gone->~tree();
  ::operator delete(gone);
}

void tree::destroy(value_storage& last_owner) noexcept {
  shared_node* shared = last_owner.content_.node;
  if (last_owner.tag_ == value_storage::tag::string) {
    text::release(static_cast<text*>(shared));
    return;
  }
  if (!shared->give_up()) return;
  // Depth is bounded, so this recursion is.
  tree* gone = static_cast<tree*>(shared);
  std::destroy_n(gone->slots(), gone->count);
  key_block::release(gone->keys);
  free(gone);
}

void value_storage::release() noexcept { tree::destroy(*this); }

// The node of `holder`, unshared and with room for more slots.
tree* tree::writable(value& holder, std::size_t room) {
  tree* old = root(holder);
  const bool sole = old->is_sole_owner();
  const std::size_t wanted = old->count + room;
  if (sole && wanted <= old->capacity) return old;
  tree* fresh = make(old->height, room == 0 ? wanted : std::bit_ceil(wanted));
  fresh->count = old->count;
  fresh->depth = old->depth;
  fresh->size = old->size;
  fresh->keys = old->keys;
  value* from = old->slots();
  if (sole) {
    std::uninitialized_move_n(from, old->count, fresh->slots());
    free(old);
    holder.content_.node = fresh;
    return fresh;
  }
  std::uninitialized_copy_n(from, old->count, fresh->slots());
  if (fresh->keys != nullptr) fresh->keys->share();
  value shared;
  shared.swap(holder);
  holder.tag_ = shared.tag_;
  holder.content_.node = fresh;
  return fresh;
}

void tree::recount(tree& changed) noexcept {
  std::size_t deepest = 0;
  std::size_t total = 0;
  const value* slots = changed.slots();
  for (std::size_t i = 0; i != changed.count; ++i) {
    deepest = std::max(deepest, slots[i].depth());
    total += changed.height == 0 ? 1 : root(slots[i])->size;
  }
  if (changed.height == 0) ++deepest;
  changed.depth = static_cast<std::uint16_t>(deepest);
  changed.size = total;
}

// -- looking up --------------------------------------------------------------

tree::place tree::in_leaf(const tree& leaf, const target& where) noexcept {
  if (!where.by_key) return {where.position, where.position < leaf.count};
  bool equal = false;
  const std::size_t at = leaf.keys->first_not_less(0, leaf.count, where, equal);
  return {at, equal};
}

// The child that holds `where`, or would; a position becomes relative to it.
std::size_t tree::child_at(const tree& inner, target& where) noexcept {
  const std::size_t last = inner.count - std::size_t{1};
  if (where.by_key) {
    bool equal = false;
    const std::size_t at =
        inner.keys->first_not_less(1, inner.count, where, equal);
    return equal ? at : at - 1;
  }
  const value* slots = inner.slots();
  if (where.position >= inner.size) {
    where.position -= inner.size - root(slots[last])->size;
    return last;
  }
  std::size_t at = 0;
  for (; at != last; ++at) {
    const std::size_t held = root(slots[at])->size;
    if (where.position < held) break;
    where.position -= held;
  }
  return at;
}

const value* tree::find(const value& container, target where) noexcept {
  const tree* at = root(container);
  if (at == nullptr) return nullptr;
  while (at->height != 0) at = root(at->slots()[child_at(*at, where)]);
  const place found = in_leaf(*at, where);
  return found.exists ? &at->slots()[found.slot] : nullptr;
}

void tree::share_keys(value& item, const value& like) noexcept {
  if (!item.is_object() || item.empty() || !like.is_object() || like.empty()) {
    return;
  }
  tree& own = *root(item);
  const tree& other = *root(like);
  if (own.height != 0 || other.height != 0 || !own.is_sole_owner() ||
      own.keys == other.keys || !own.keys->is_same_as(*other.keys)) {
    return;
  }
  other.keys->share();
  key_block::release(std::exchange(own.keys, other.keys));
}

const tree* tree::leaf_at(const tree* root, std::size_t& position) noexcept {
  target where = target::of(position);
  while (root->height != 0) {
    root = tree::root(root->slots()[child_at(*root, where)]);
  }
  position = where.position;
  return root;
}

value* tree::open(value& container, const target& where) {
  if (find(container, where) == nullptr) return nullptr;
  target rest = where;
  value* holder = &container;
  while (true) {
    tree* at = writable(*holder, 0);
    if (at->height == 0) return &at->slots()[in_leaf(*at, rest).slot];
    holder = &at->slots()[child_at(*at, rest)];
  }
}

void tree::refresh(value& container, target where) noexcept {
  tree* at = root(container);
  if (at->height != 0) {
    // Positions are relative to the child from here on.
    const std::size_t child = child_at(*at, where);
    refresh(at->slots()[child], where);
  }
  recount(*at);
}

// -- putting in --------------------------------------------------------------

void tree::put(value& container, const target& where, value item) {
  if (item.depth() >= value::max_depth) {
    throw error{errc::bad_value, "containers would nest deeper than " +
                                     std::to_string(value::max_depth) +
                                     " levels"};
  }
  if (root(container) == nullptr) {
    tree* first = make(0, 1);
    container.content_.node = first;
    try {
      if (where.by_key) first->keys = key_block::make(1);
      value none = insert(container, where, item);
    } catch (...) {
      container.content_.node = nullptr;
      key_block::release(first->keys);
      free(first);
      throw;
    }
    return;
  }
  value right = insert(container, where, item);
  if (right.is_null()) return;
  tree* left = root(container);
  tree* above = make(left->height + std::size_t{1}, 2);
  if (where.by_key) {
    above->keys = key_block::make(2);
    above->keys->count = 2;
    above->keys->begin()[0] = left->keys->begin()[0];
    above->keys->begin()[1] = root(right)->keys->begin()[0];
    above->keys->begin()[0].name->share();
    above->keys->begin()[1].name->share();
  }
  new (above->slots()) value{std::move(container)};
  new (above->slots() + 1) value{std::move(right)};
  above->count = 2;
  container.tag_ = above->slots()[0].tag_;
  container.content_.node = above;
  recount(*above);
}

// Gives the new right neighbour when the node had to be split, else null.
value tree::insert(value& holder, target where, value& item) {
  if (root(holder)->height == 0) {
    const place at = in_leaf(*root(holder), where);
    if (!at.exists) {
      key name{where.prefix, nullptr};
      if (where.by_key) {
        if (!is_utf8(where.name)) {
          throw error{errc::bad_value, "a key is not valid UTF-8"};
        }
        name.name = text::make(where.name);
      }
      return insert_slot(holder, at.slot, item, name);
    }
    tree* leaf = writable(holder, 0);
    value& slot = leaf->slots()[at.slot];
    const bool same_depth = slot.depth() == item.depth();
    slot.swap(item);
    if (!same_depth) recount(*leaf);
    return {};
  }
  const std::size_t at = child_at(*root(holder), where);
  tree* inner = writable(holder, 0);
  value& child = inner->slots()[at];
  const std::size_t size_before = root(child)->size;
  const std::size_t depth_before = child.depth();
  value right = insert(child, where, item);
  if (right.is_null()) {
    inner->size += root(child)->size - size_before;
    if (child.depth() != depth_before) recount(*inner);
    return {};
  }
  key name{0, nullptr};
  if (where.by_key) {
    name = root(right)->keys->begin()[0];
    name.name->share();
  }
  return insert_slot(holder, at + 1, right, name);
}

value tree::insert_slot(value& holder, std::size_t at, value& item, key name) {
  value right;
  value* side = &holder;
  if (root(holder)->count == fan_out) {
    // A node that grows at its end is left full behind.
    const std::size_t middle = at == fan_out ? fan_out : fan_out / 2;
    right = split(holder, middle);
    if (at > middle || middle == fan_out) {
      side = &right;
      at -= middle;
    }
  }
  tree* owner = writable(*side, 1);
  if (name.name != nullptr) {
    owner->keys = key_block::own(owner->keys, 1);
    owner->keys->insert(at, name);
  }
  value* slots = owner->slots();
  new (slots + owner->count) value;
  std::move_backward(slots + at, slots + owner->count,
                     slots + owner->count + 1);
  slots[at] = std::move(item);
  ++owner->count;
  if (owner->height == 0) {
    ++owner->size;
    owner->depth = std::max(owner->depth,
                            static_cast<std::uint16_t>(slots[at].depth() + 1));
  } else {
    recount(*owner);
  }
  return right;
}

// Moves the slots from `middle` on to a new node, which may be left empty.
value tree::split(value& holder, std::size_t middle) {
  tree* left = writable(holder, 0);
  const std::size_t moved = left->count - middle;
  tree* fresh = make(left->height, std::max<std::size_t>(moved, 1));
  value right;
  right.tag_ = holder.tag_;
  right.content_.node = fresh;
  if (left->keys != nullptr) {
    left->keys = key_block::own(left->keys, 0);
    fresh->keys = key_block::make(std::max<std::size_t>(moved, 1));
    std::copy_n(left->keys->begin() + middle, moved, fresh->keys->begin());
    fresh->keys->count = static_cast<std::uint8_t>(moved);
    left->keys->count = static_cast<std::uint8_t>(middle);
  }
  std::uninitialized_move_n(left->slots() + middle, moved, fresh->slots());
  std::destroy_n(left->slots() + middle, moved);
  fresh->count = static_cast<std::uint8_t>(moved);
  left->count = static_cast<std::uint8_t>(middle);
  recount(*left);
  recount(*fresh);
  return right;
}

// -- taking out --------------------------------------------------------------

bool tree::remove(value& container, const target& where) {
  if (find(container, where) == nullptr) return false;
  take_out(container, where);
  while (root(container)->height != 0 && root(container)->count == 1) {
    value only = root(container)->slots()[0];
    container.swap(only);
  }
  if (root(container)->count == 0) {
    value gone;
    gone.swap(container);
    container.tag_ = gone.tag_;
    container.content_.node = nullptr;
  }
  return true;
}

void tree::take_out(value& holder, target where) {
  tree* owner = writable(holder, 0);
  if (owner->height == 0) {
    const std::size_t at = in_leaf(*owner, where).slot;
    if (owner->keys != nullptr) owner->keys = key_block::own(owner->keys, 0);
    drop_slot(*owner, at);
    recount(*owner);
    return;
  }
  const std::size_t at = child_at(*owner, where);
  if (owner->keys != nullptr) owner->keys = key_block::own(owner->keys, 0);
  value& child = owner->slots()[at];
  take_out(child, where);
  const std::size_t left = at == 0 ? 0 : at - 1;
  if (root(child)->count == 0) {
    drop_slot(*owner, at);
  } else if (left + 1 < owner->count &&
             root(owner->slots()[left])->count +
                     root(owner->slots()[left + 1])->count <=
                 static_cast<int>(fan_out / 2)) {
    join(*owner, left);
  }
  recount(*owner);
}

// @pre The node and its keys are unshared.
void tree::drop_slot(tree& owner, std::size_t at) noexcept {
  assert(owner.is_sole_owner() && at < owner.count);
  if (owner.keys != nullptr) owner.keys->erase(at);
  value* slots = owner.slots();
  std::move(slots + at + 1, slots + owner.count, slots + at);
  std::destroy_at(slots + owner.count - 1);
  --owner.count;
}

// Moves the slots of the child after `left` into the child at `left`.
void tree::join(tree& parent, std::size_t left) {
  value* children = parent.slots();
  const tree* from = root(children[left + 1]);
  tree* into = writable(children[left], from->count);
  if (into->keys != nullptr) {
    into->keys = key_block::own(into->keys, from->count);
    key* end = into->keys->begin() + into->count;
    std::copy_n(from->keys->begin(), from->count, end);
    // The first key of an inner node says nothing; the parent's does.
    if (from->height != 0) end[0] = parent.keys->begin()[left + 1];
    for (std::size_t i = 0; i != from->count; ++i) end[i].name->share();
    into->keys->count =
        static_cast<std::uint8_t>(into->keys->count + from->count);
  }
  std::uninitialized_copy_n(from->slots(), from->count,
                            into->slots() + into->count);
  into->count = static_cast<std::uint8_t>(into->count + from->count);
  recount(*into);
  drop_slot(parent, left + 1);
}

}  // namespace troupe::detail
