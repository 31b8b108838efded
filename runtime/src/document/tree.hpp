#pragma once

#include "document/key_block.hpp"
#include "document/target.hpp"
#include "troupe/value.hpp"

#include <cstddef>
#include <cstdint>

namespace troupe::detail {

/// A node of the B+ tree that holds the members of an object in the order of
/// their keys, or the elements of an array in theirs.
///
/// A leaf's slots are what the container holds, an inner node's slots are its
/// children. The key of a child is at most as great as all keys in it and
/// greater than all keys before it; the key of the first child says nothing.
/// A container without a node is empty; no node in a tree is.
///
/// Writes happen in place where a node has one owner, on a copy otherwise.
/// All of this is asserted by `check`.
struct tree : shared_node {
  static constexpr std::size_t fan_out = 16;

  tree(std::size_t levels, std::size_t room) noexcept
      : height{static_cast<std::uint8_t>(levels)},
        capacity{static_cast<std::uint8_t>(room)} {}

  // Returns the value that a container holds there, or null.
  [[nodiscard]] static const value* find(const value& container,
                                         target where) noexcept;
  // The same, to be assigned to, with the path to it unshared. Whoever changes
  // its depth calls `refresh`.
  [[nodiscard]] static value* open(value& container, const target& where);
  // Replaces what is there, or inserts it: at the end, if by position.
  // Errors: errc::bad_value for a key that is not UTF-8, or too deep nesting.
  static void put(value& container, const target& where, value item);
  // Removes what is there; returns whether there was anything.
  static bool remove(value& container, const target& where);
  // Sets the depth right on the unshared path to `where`.
  static void refresh(value& container, target where) noexcept;

  // Lets `item` refer to the keys of `like` where they are the same, so that
  // many like objects keep their keys once.
  static void share_keys(value& item, const value& like) noexcept;

  // The leaf that holds the element at `position`, which becomes relative.
  [[nodiscard]] static const tree* leaf_at(const tree* root,
                                           std::size_t& position) noexcept;
  [[nodiscard]] static tree* root(const value& container) noexcept {
    return static_cast<tree*>(container.content_.node);
  }
  static void destroy(value_storage& last_owner) noexcept;
  // Asserts what must hold of the nodes of a container, and below. For tests.
  static void check(const value& container);

  [[nodiscard]] value* slots() noexcept {
    return reinterpret_cast<value*>(this + 1);
  }
  [[nodiscard]] const value* slots() const noexcept {
    return reinterpret_cast<const value*>(this + 1);
  }

  std::uint8_t height;
  std::uint8_t capacity;
  std::uint8_t count = 0;
  std::uint16_t depth = 1;
  std::size_t size = 0;
  key_block* keys = nullptr;

 private:
  void check(bool by_key) const;
  void check_keys() const;

  struct place {
    std::size_t slot;
    bool exists;
  };

  static tree* make(std::size_t height, std::size_t room);
  static void free(tree* gone) noexcept;
  static tree* writable(value& holder, std::size_t room);
  static place in_leaf(const tree& leaf, const target& where) noexcept;
  static std::size_t child_at(const tree& inner, target& where) noexcept;
  static void recount(tree& changed) noexcept;
  static value insert(value& holder, target where, value& item);
  static value insert_slot(value& holder, std::size_t at, value& item,
                           key name);
  static value split(value& holder, std::size_t middle);
  static void drop_slot(tree& owner, std::size_t at) noexcept;
  static void take_out(value& holder, target where);
  static void join(tree& parent, std::size_t left);
};

}  // namespace troupe::detail
