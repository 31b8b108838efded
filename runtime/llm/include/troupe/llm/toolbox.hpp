#pragma once

#include "troupe/llm/tool.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::llm {

/// The tools that a model is offered.
///
/// Thread safety: immutable.
class toolbox {
 public:
  toolbox() = default;
  /// Errors: throws `errc::bad_flow` for two tools of one name.
  explicit toolbox(std::vector<tool> tools);

  [[nodiscard]] std::vector<tool_spec> specs() const;
  /// Null where there is none.
  [[nodiscard]] const tool* find(std::string_view name) const& noexcept;
  /// Of a temporary: a copy, or nothing.
  [[nodiscard]] std::optional<tool> find(std::string_view name) const&& {
    const tool* found = static_cast<const toolbox&>(*this).find(name);
    return found ? std::optional<tool>{*found} : std::nullopt;
  }

  /// Carries out `calls`, `width` of them at once. The result has a message for
  /// each, in their order: what the tool gave, or, with `is_error`, why it
  /// could not, for the model to read: no such tool, arguments that do not
  /// fit, an exception.
  /// Cancellation: passes through to the tools.
  [[nodiscard]] task<std::vector<message>> run(std::vector<tool_call> calls,
                                               context& ctx,
                                               std::size_t width = 8) const;

 private:
  static task<std::vector<message>> carried_out(std::vector<task<message>> all,
                                                std::size_t width);

  [[nodiscard]] std::string names() const;

  std::vector<tool> tools_;
  /// The names are those of the tools, which copies share.
  std::map<std::string_view, std::size_t> by_name_;
};

}  // namespace troupe::llm
