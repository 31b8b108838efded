#include "troupe/value.hpp"

#include "base/text.hpp"
#include "document/arithmetic.hpp"
#include "document/path.hpp"
#include "document/tree.hpp"
#include "troupe/error.hpp"
#include "troupe/json_text.hpp"
#include "troupe/printable.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <ostream>
#include <string>

namespace troupe {

using detail::target;
using detail::tree;

namespace {

std::string quoted(std::string_view key) {
  return '"' + std::string{key} + '"';
}

}  // namespace

// -- constructors ------------------------------------------------------------

value::value(std::string_view text) : value_storage{tag::string} {
  if (text.empty()) return;
  if (!is_utf8(text)) {
    throw error{errc::bad_value, "the text is not valid UTF-8"};
  }
  content_.node = detail::text::make(text);
}

value::literal::literal(std::initializer_list<literal> elements)
    : in_braces_(true) {
  if (elements.size() == 0 || !std::all_of(elements.begin(), elements.end(),
                                           std::mem_fn(&literal::is_pair))) {
    made_ = array(elements);
    return;
  }
  made_ = object();
  for (const literal& each : elements) {
    const auto key = each.made_.at(0).get<std::string>();
    tree::put(made_, target::of(key), each.made_.at(1));
  }
}

bool value::literal::is_pair() const noexcept {
  return in_braces_ && made_.is_array() && made_.size() == 2 &&
         made_.find("/0")->is_string();
}

value value::array(std::initializer_list<literal> elements) {
  value made;
  made.tag_ = tag::array;
  for (const literal& element : elements) {
    tree::put(made, target::of(made.size()), element);
  }
  return made;
}

value value::object(std::initializer_list<member> members) {
  value made;
  made.tag_ = tag::object;
  for (const member& each : members) {
    tree::put(made, target::of(each.key), each.item);
  }
  return made;
}

double value::checked(double number) {
  if (std::isfinite(number)) return number;
  throw error{errc::bad_value, "the number is not finite"};
}

// -- properties --------------------------------------------------------------

std::string_view value::type_name() const noexcept {
  switch (tag_) {
    case tag::null:
      return "null";
    case tag::boolean:
      return "a boolean";
    case tag::integer:
    case tag::natural:
    case tag::real:
      return "a number";
    case tag::string:
      return "a string";
    case tag::array:
      return "an array";
    case tag::object:
      return "an object";
  }
  return "null";
}

std::size_t value::size() const noexcept {
  if (tag_ < tag::array || content_.node == nullptr) return 0;
  return tree::root(*this)->size;
}

std::size_t value::depth() const noexcept {
  if (tag_ < tag::array) return 0;
  return content_.node == nullptr ? 1 : tree::root(*this)->depth;
}

void value::check() const { tree::check(*this); }

// -- reading -----------------------------------------------------------------

bool value::contains(std::string_view key) const noexcept {
  return is_object() && tree::find(*this, target::of(key)) != nullptr;
}

const value& value::member_at(std::string_view key) const {
  if (!is_object()) {
    throw error{errc::wrong_type, "cannot look up " + quoted(key) + " in " +
                                      std::string{type_name()}};
  }
  const value* found = tree::find(*this, target::of(key));
  if (found == nullptr) {
    throw error{errc::missing_key, "there is no key " + quoted(key)};
  }
  return *found;
}

const value& value::at(std::size_t position) const& {
  if (!is_array()) {
    throw error{errc::wrong_type, "cannot look up position " +
                                      std::to_string(position) + " in " +
                                      std::string{type_name()}};
  }
  if (position >= size()) {
    throw error{errc::missing_key,
                "there is no position " + std::to_string(position) +
                    " in an array of " + std::to_string(size())};
  }
  return *tree::find(*this, target::of(position));
}

const value& value::at(const value& key) const& {
  if (key.is_string()) return member_at(key.as_text());
  return at(key.get<std::size_t>());
}

std::optional<value> value::find(std::string_view path) const&& {
  const value* found = static_cast<const value&>(*this).find(path);
  return found ? std::optional<value>{*found} : std::nullopt;
}

const value* value::find(std::string_view path) const& {
  if (!detail::is_pointer(path)) {
    return is_object() ? tree::find(*this, target::of(path)) : nullptr;
  }
  const value* at = this;
  detail::path_reader reader{path};
  while (at != nullptr && !reader.done()) {
    const std::string_view token = reader.next();
    if (at->is_object()) {
      at = tree::find(*at, target::of(token));
    } else if (at->is_array()) {
      const auto position = detail::position_of(token);
      at = position && *position < at->size()
               ? tree::find(*at, target::of(*position))
               : nullptr;
    } else {
      at = nullptr;
    }
  }
  return at;
}

void value::refuse(std::string_view wanted) const {
  throw error{errc::wrong_type, "wanted " + std::string{wanted} + ", found " +
                                    std::string{type_name()}};
}

bool value::as_bool() const {
  if (!is_bool()) refuse("a boolean");
  return content_.integer != 0;
}

double value::as_real() const {
  switch (tag_) {
    case tag::real:
      return content_.real;
    case tag::integer:
      return static_cast<double>(content_.integer);
    case tag::natural:
      return static_cast<double>(static_cast<std::uint64_t>(content_.integer));
    default:
      refuse("a number");
  }
}

std::string_view value::as_text() const {
  if (!is_string()) refuse("a string");
  if (content_.node == nullptr) return {};
  return static_cast<const detail::text*>(content_.node)->view();
}

std::int64_t value::as_integer(std::int64_t low, std::int64_t high) const {
  std::int64_t number = content_.integer;
  bool fits = tag_ == tag::integer;
  if (tag_ == tag::real && std::trunc(content_.real) == content_.real) {
    // Both bounds are powers of two, which a double holds exactly.
    fits = content_.real >= -0x1p63 && content_.real < 0x1p63;
    if (fits) number = static_cast<std::int64_t>(content_.real);
  }
  if (!is_number()) refuse("an integer");
  if (!fits || number < low || number > high) {
    throw error{errc::wrong_type,
                "wanted an integer from " + std::to_string(low) + " to " +
                    std::to_string(high) + ", found " + dump()};
  }
  return number;
}

std::uint64_t value::as_natural(std::uint64_t high) const {
  std::uint64_t number = static_cast<std::uint64_t>(content_.integer);
  bool fits = is_integer() && (tag_ == tag::natural || content_.integer >= 0);
  if (tag_ == tag::real && std::trunc(content_.real) == content_.real) {
    fits = content_.real >= 0 && content_.real < 0x1p64;
    if (fits) number = static_cast<std::uint64_t>(content_.real);
  }
  if (!is_number()) refuse("an integer");
  if (!fits || number > high) {
    throw error{errc::wrong_type, "wanted an integer from 0 to " +
                                      std::to_string(high) + ", found " +
                                      dump()};
  }
  return number;
}

// -- iteration ---------------------------------------------------------------

value_iterator value::begin() const {
  if (tag_ < tag::array) refuse("an array or an object");
  return {*this, 0};
}

value_iterator value::end() const {
  value_iterator last;
  last.position_ = size();
  return last;
}

member_range value::members() const {
  if (!is_object()) refuse("an object");
  return {begin(), end()};
}

value_iterator::value_iterator(const value_storage& container,
                               std::size_t position) noexcept
    : value_storage{container}, position_{position}, slot_{position} {
  if (shares()) {
    leaf_ = tree::leaf_at(static_cast<const tree*>(content_.node), slot_);
  }
}

const value& value_iterator::operator*() const noexcept {
  return leaf_->slots()[slot_];
}

std::string_view value_iterator::key() const noexcept {
  return leaf_->keys == nullptr ? std::string_view{}
                                : leaf_->keys->begin()[slot_].name->view();
}

value_iterator& value_iterator::operator++() noexcept {
  ++position_;
  if (++slot_ != leaf_->count) return *this;
  const auto* root = static_cast<const tree*>(content_.node);
  if (position_ < root->size) {
    slot_ = position_;
    leaf_ = tree::leaf_at(root, slot_);
  }
  return *this;
}

// -- changed copies ----------------------------------------------------------

value value::with(std::string_view key, value item) const& {
  return value{*this}.with(key, std::move(item));
}

value value::with(std::string_view key, value item) && {
  if (is_null()) *this = object();
  if (!is_object()) refuse("an object");
  tree::put(*this, target::of(key), std::move(item));
  return std::move(*this);
}

value value::appended(value item) const& {
  return value{*this}.appended(std::move(item));
}

value value::appended(value item) && {
  if (is_null()) *this = array();
  if (!is_array()) refuse("an array");
  tree::put(*this, target::of(size()), std::move(item));
  return std::move(*this);
}

value value::merged(const value& other) const {
  value made = is_null() ? object() : *this;
  if (!made.is_object()) refuse("an object");
  if (made.empty() && other.is_object()) return other;
  for (const auto [key, item] : other.members()) {
    tree::put(made, target::of(key), item);
  }
  return made;
}

// -- comparison --------------------------------------------------------------

bool value::equals(const value& other) const noexcept {
  if (is_number()) {
    return other.is_number() && detail::arithmetic::equal(*this, other);
  }
  if (tag_ != other.tag_) return false;
  if (is_null()) return true;
  if (is_bool()) return content_.integer == other.content_.integer;
  if (content_.node == other.content_.node) return true;
  if (is_string()) return as_text() == other.as_text();
  if (size() != other.size()) return false;
  value_iterator a = begin();
  value_iterator b = other.begin();
  for (const value_iterator last = end(); a != last; ++a, ++b) {
    if (a.key() != b.key() || !a->equals(*b)) return false;
  }
  return true;
}

std::ostream& operator<<(std::ostream& out, const value& from) {
  return out << write_json(from.to_json());
}

}  // namespace troupe
