#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace troupe::llm::detail {

/// A regular expression of a JSON schema, matched in a time that grows with the
/// text only, and without recursion.
///
/// Thread safety: immutable.
class pattern {
 public:
  /// Errors: throws a permanent `errc::bad_flow` that shows the pattern and
  /// says what RE2 cannot do with it.
  explicit pattern(std::string_view ecma);
  ~pattern();

  /// Returns whether some part of `text` matches.
  [[nodiscard]] bool is_in(std::string_view text) const;
  /// The steps of that for a text of `bytes`, at the worst.
  [[nodiscard]] std::size_t steps_for(std::size_t bytes) const noexcept;

  /// As it was given.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] std::size_t weight() const noexcept { return weight_; }

 private:
  std::string text_;
  std::unique_ptr<const re2::RE2> compiled_;
  std::size_t weight_ = 0;
};

}  // namespace troupe::llm::detail
