#pragma once

#include "troupe/error.hpp"
#include "troupe/json.hpp"
#include "troupe/llm/detail/member_from.hpp"

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace troupe::llm {

/// A member of a struct, as models and JSON are to know it. See `field`.
template <class Owner, class T>
class field_of {
 public:
  using type = T;

  field_of(std::string_view name, T Owner::*member,
           std::string_view description)
      : name_(name), member_(member) {
    if (!description.empty()) extra_["description"] = description;
  }

  /// It is one of these texts.
  [[nodiscard]] field_of one_of(
      std::initializer_list<std::string_view> choices) const {
    auto changed = *this;
    for (const auto each : choices) changed.extra_["enum"].push_back(each);
    return changed;
  }
  [[nodiscard]] field_of at_least(double least) const {
    auto changed = *this;
    changed.extra_["minimum"] = least;
    return changed;
  }
  [[nodiscard]] field_of at_most(double most) const {
    auto changed = *this;
    changed.extra_["maximum"] = most;
    return changed;
  }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// Returns the members of its schema besides the type.
  [[nodiscard]] const json& extra() const noexcept { return extra_; }
  [[nodiscard]] T& in(Owner& owner) const { return owner.*member_; }
  [[nodiscard]] const T& in(const Owner& owner) const { return owner.*member_; }

 private:
  std::string name_;
  T Owner::*member_;
  json extra_ = json::object();
};

/// Names a member, and says what it is, for the model to read.
template <class Owner, class T>
[[nodiscard]] field_of<Owner, T> field(std::string_view name, T Owner::*member,
                                       std::string_view description = {}) {
  return {name, member, description};
}

template <class... Fields>
[[nodiscard]] std::tuple<Fields...> fields(Fields... all) {
  return {std::move(all)...};
}

/// A struct that lists its fields in a static function, which gives it a JSON
/// form and a JSON schema:
///
///     struct place {
///       std::string city;
///       std::optional<std::string> country;
///
///       static auto fields() {
///         using troupe::llm::field;
///         return troupe::llm::fields(
///             field("city", &place::city, "Its name"),
///             field("country", &place::country));
///       }
///     };
///
/// In its JSON form an empty optional is left out; it may also be null. Whole
/// numbers that do not fit a member are refused, also in lists and maps.
template <class T>
concept described = std::is_default_constructible_v<T> && requires {
  std::tuple_size<decltype(T::fields())>::value;
};

namespace detail {

/// Errors: throws `errc::wrong_type`, which says what was found.
[[noreturn]] void refuse_object(const json& form);

/// Errors: throws what the reading of the member threw, with its place.
[[noreturn]] void rethrow_at(const std::string& member);
template <class Field, class T>
void read_field(const Field& field, const json& form, T& into) {
  auto& member = field.in(into);
  using member_t = std::remove_reference_t<decltype(member)>;
  const auto found = form.find(field.name());
  const bool is_there = found != form.end();
  try {
    if constexpr (is_optional<member_t>) {
      if (is_there && !found->is_null()) {
        member = member_from<typename member_t::value_type>(*found);
      } else {
        member.reset();
      }
    } else if (is_there) {
      member = member_from<member_t>(*found);
    } else {
      throw error{errc::missing_key, " is missing"};
    }
  } catch (...) {
    rethrow_at(field.name());
  }
}

template <class Field, class T>
void write_field(const Field& field, const T& from, json& form) {
  const auto& member = field.in(from);
  if constexpr (is_optional<std::remove_cvref_t<decltype(member)>>) {
    if (member) form[field.name()] = *member;
  } else {
    form[field.name()] = member;
  }
}

}  // namespace detail

}  // namespace troupe::llm

/// The conversion of a struct that lists its fields by nlohmann's library.
template <troupe::llm::described T>
struct nlohmann::adl_serializer<T> {
  static void to_json(json& form, const T& from) {
    form = json::object();
    std::apply(
        [&](const auto&... each) {
          (troupe::llm::detail::write_field(each, from, form), ...);
        },
        T::fields());
  }
  /// Errors: throws `troupe::error` with the place of what is missing or of
  /// another type.
  static void from_json(const json& form, T& into) {
    if (!form.is_object()) troupe::llm::detail::refuse_object(form);
    std::apply(
        [&](const auto&... each) {
          (troupe::llm::detail::read_field(each, form, into), ...);
        },
        T::fields());
  }
};
