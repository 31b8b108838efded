#include "troupe/detail/value/state_entry.hpp"

#include "document/path.hpp"
#include "troupe/state.hpp"

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace troupe {

state_entry state_entry::operator[](const value& key) const {
  if (key.is_string()) return below(key.get<std::string_view>());
  return below(std::to_string(key.get<std::size_t>()));
}

const state_entry& state_entry::operator=(value item) const {
  owner_->set(path_, std::move(item));
  return *this;
}

const state_entry& state_entry::operator+=(const value& item) const {
  const value* held = owner_->find(path_);
  if (!item.is_string()) {
    owner_->add(path_, item);
  } else if (held == nullptr) {
    owner_->set(path_, item);
  } else {
    owner_->set(path_, held->get<std::string>() + item.get<std::string>());
  }
  return *this;
}

void state_entry::push_back(value item) const {
  owner_->append(path_, std::move(item));
}

std::size_t state_entry::size() const { return read_or_null().size(); }

value_iterator state_entry::begin() const {
  const value* held = owner_->find(path_);
  return held != nullptr ? held->begin() : value_iterator{};
}

value_iterator state_entry::end() const {
  const value* held = owner_->find(path_);
  return held != nullptr ? held->end() : value_iterator{};
}

std::ostream& operator<<(std::ostream& out, const state_entry& from) {
  return out << from.read_or_null();
}

value state_entry::read_or_null() const {
  const value* held = owner_->find(path_);
  return held != nullptr ? *held : value{};
}

state_entry state_entry::below(std::string_view key) const {
  std::string path = path_;
  detail::append_token(path, key);
  return {*owner_, std::move(path)};
}

}  // namespace troupe
