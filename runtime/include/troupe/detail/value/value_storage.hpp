#pragma once

#include "troupe/detail/value/shared_node.hpp"

#include <cstdint>
#include <utility>

namespace troupe::detail {

struct tree;

/// The 16 bytes of a value: what kind it is, and a number or the start of what
/// it shares. A copy shares.
class value_storage {
 protected:
  enum class tag : std::uint8_t {
    null,
    boolean,
    integer,  // signed, or unsigned when it fits
    natural,  // unsigned above the signed range
    real,
    string,  // from here on `content_.node`; a null node is empty
    array,
    object,
  };
  union content {
    std::int64_t integer;
    double real;
    shared_node* node;
  };

  value_storage() noexcept = default;
  explicit value_storage(tag kind, std::int64_t integer = 0) noexcept
      : content_{integer}, tag_{kind} {}
  value_storage(const value_storage& other) noexcept
      : content_{other.content_}, tag_{other.tag_} {
    if (shares()) content_.node->share();
  }
  value_storage(value_storage&& other) noexcept
      : content_{other.content_}, tag_{other.tag_} {
    other.tag_ = tag::null;
  }
  value_storage& operator=(const value_storage& other) noexcept {
    value_storage{other}.swap(*this);
    return *this;
  }
  value_storage& operator=(value_storage&& other) noexcept {
    value_storage{std::move(other)}.swap(*this);
    return *this;
  }
  ~value_storage() {
    if (shares()) release();
  }

  [[nodiscard]] bool shares() const noexcept {
    return tag_ >= tag::string && content_.node != nullptr;
  }
  void swap(value_storage& other) noexcept {
    std::swap(content_, other.content_);
    std::swap(tag_, other.tag_);
  }
  void release() noexcept;

  content content_{};
  tag tag_{tag::null};

 private:
  friend struct tree;
};

}  // namespace troupe::detail
