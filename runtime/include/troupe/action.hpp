#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>

namespace troupe {

/// The result of `post`: the name of the edge to follow. The empty action and
/// "default" are the same.
///
/// Thread safety: confined to one actor or task. Copies are independent.
class action {
 public:
  action() = default;
  // Implicit, so that `post` can simply return a name.
  action(const char* name) : action(std::string_view{name}) {}
  action(std::string_view name) {
    if (name != "default") name_ = name;
  }
  action(std::string name) {
    if (name != "default") name_ = std::move(name);
  }

  [[nodiscard]] bool is_default() const noexcept { return name_.empty(); }

  /// Returns the name; "default" for the default action.
  [[nodiscard]] std::string_view name() const& noexcept {
    return name_.empty() ? std::string_view{"default"} : name_;
  }
  [[nodiscard]] std::string name() const&& {
    return std::string{static_cast<const action&>(*this).name()};
  }

  friend bool operator==(const action&, const action&) = default;
  /// Writes its name.
  friend std::ostream& operator<<(std::ostream& out, const action& from);

 private:
  /// Empty for the default action.
  std::string name_;
};

}  // namespace troupe
