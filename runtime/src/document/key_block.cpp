#include "document/key_block.hpp"

#include <bit>
#include <cassert>
#include <new>

namespace troupe::detail {

key_block* key_block::make(std::size_t room) {
  void* memory = ::operator new(sizeof(key_block) + room * sizeof(key));
  return new (memory) key_block{room};
}

key_block* key_block::own(key_block* keys, std::size_t room) {
  const bool sole = keys->is_sole_owner();
  const std::size_t wanted = keys->count + room;
  if (sole && wanted <= keys->capacity) return keys;
  key_block* fresh = make(std::bit_ceil(wanted));
  fresh->count = keys->count;
  std::copy_n(keys->begin(), keys->count, fresh->begin());
  if (sole) {
    keys->count = 0;
  } else {
    for (std::size_t i = 0; i != keys->count; ++i) {
      keys->begin()[i].name->share();
    }
  }
  release(keys);
  return fresh;
}

void key_block::release(key_block* keys) noexcept {
  if (keys == nullptr || !keys->give_up()) return;
  for (std::size_t i = 0; i != keys->count; ++i) {
    text::release(keys->begin()[i].name);
  }
  keys->~key_block();
  ::operator delete(keys);
}

bool key_block::is_same_as(const key_block& other) const noexcept {
  return std::equal(
      begin(), begin() + count, other.begin(), other.begin() + other.count,
      [](const key& a, const key& b) {
        return a.prefix == b.prefix && a.name->view() == b.name->view();
      });
}

void key_block::insert(std::size_t at, key name) noexcept {
  assert(is_sole_owner() && at <= count && count < capacity);
  key* keys = begin();
  std::copy_backward(keys + at, keys + count, keys + count + 1);
  keys[at] = name;
  ++count;
}

void key_block::erase(std::size_t at) noexcept {
  assert(is_sole_owner() && at < count);
  key* keys = begin();
  text::release(keys[at].name);
  std::copy(keys + at + 1, keys + count, keys + at);
  --count;
}

}  // namespace troupe::detail
