#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace troupe {

/// Keeps values under small numbers. A number belongs to its value until that
/// is erased, and is then given to another one. Addresses do not change.
///
/// Inserting and erasing cost the same however many values there are. Memory
/// comes in blocks of 256 values; an empty block is given back as soon as
/// another one has room.
///
/// Thread safety: confined to one thread, or under one lock.
template <class T>
class slab {
 public:
  slab() = default;
  slab(const slab&) = delete;
  slab& operator=(const slab&) = delete;
  ~slab() { clear(); }

  /// Stores a value and returns its number.
  std::uint32_t insert(T value) {
    if (open_.empty()) {
      add_block();
    }
    const auto number = open_.back();
    auto& into = *blocks_[number];
    const auto position = into.first_free();
    ::new (into.at(position)) T(std::move(value));
    into.mark(position, true);
    ++size_;
    if (++into.live == block_size) {
      open_.pop_back();
    }
    return number * block_size + position;
  }

  /// Destroys a value. Its number must belong to one.
  void erase(std::uint32_t number) {
    auto& from = *blocks_[number / block_size];
    from.at(number % block_size)->~T();
    from.mark(number % block_size, false);
    --size_;
    if (from.live-- == block_size) {
      from.open_at = open_.size();
      open_.push_back(number / block_size);
    } else if (from.live == 0 && open_.size() > 1) {
      remove_block(number / block_size);
    }
  }

  void clear() {
    for (auto& each : blocks_) {
      for (std::uint32_t i = 0; each && i < block_size; ++i) {
        if (each->is_used(i)) {
          each->at(i)->~T();
        }
      }
    }
    blocks_.clear();
    open_.clear();
    gaps_.clear();
    size_ = 0;
  }

  /// Whether the number belongs to a value.
  [[nodiscard]] bool holds(std::uint32_t number) const {
    const auto in = number / block_size;
    return in < blocks_.size() && blocks_[in] != nullptr &&
           blocks_[in]->is_used(number % block_size);
  }

  T& operator[](std::uint32_t number) {
    return *blocks_[number / block_size]->at(number % block_size);
  }
  const T& operator[](std::uint32_t number) const {
    return *blocks_[number / block_size]->at(number % block_size);
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// How many values fit into the memory held now.
  [[nodiscard]] std::size_t capacity() const noexcept {
    return (blocks_.size() - gaps_.size()) * block_size;
  }

 private:
  static constexpr std::uint32_t block_size = 256;

  struct block {
    std::array<std::uint64_t, block_size / 64> used{};
    std::uint32_t live = 0;
    // The place of this block in `open_`, while it has room.
    std::size_t open_at = 0;
    // Not zeroed: `new block` leaves it as it comes.
    alignas(T) std::array<std::byte, block_size * sizeof(T)> storage;

    block() noexcept {}  // NOLINT(modernize-use-equals-default)

    T* at(std::uint32_t i) {
      return std::launder(reinterpret_cast<T*>(&storage[i * sizeof(T)]));
    }
    [[nodiscard]] bool is_used(std::uint32_t i) const {
      return (used[i / 64] >> (i % 64) & 1) != 0;
    }
    void mark(std::uint32_t i, bool now) {
      used[i / 64] ^= std::uint64_t{now != is_used(i)} << (i % 64);
    }
    [[nodiscard]] std::uint32_t first_free() const {
      std::uint32_t word = 0;
      while (~used[word] == 0) {
        ++word;
      }
      return word * 64 +
             static_cast<std::uint32_t>(std::countr_one(used[word]));
    }
  };

  // Makes room for the numbers of all blocks, so that erasing needs no memory.
  void make_room() {
    const auto blocks = std::max<std::size_t>(8, 2 * blocks_.size());
    open_.reserve(blocks);
    gaps_.reserve(blocks);
    blocks_.reserve(blocks);
  }

  void add_block() {
    auto added = std::make_unique<block>();
    if (gaps_.empty()) {
      if (blocks_.size() == blocks_.capacity()) make_room();
      gaps_.push_back(static_cast<std::uint32_t>(blocks_.size()));
      blocks_.push_back(nullptr);
    }
    const auto number = gaps_.back();
    gaps_.pop_back();
    blocks_[number] = std::move(added);
    open_.push_back(number);
  }

  void remove_block(std::uint32_t number) {
    const auto place = blocks_[number]->open_at;
    open_[place] = open_.back();
    blocks_[open_[place]]->open_at = place;
    open_.pop_back();
    blocks_[number] = nullptr;
    gaps_.push_back(number);
  }

  std::vector<std::unique_ptr<block>> blocks_;
  // The numbers of the blocks with room, and those that have no block.
  std::vector<std::uint32_t> open_;
  std::vector<std::uint32_t> gaps_;
  std::size_t size_ = 0;
};

}  // namespace troupe
