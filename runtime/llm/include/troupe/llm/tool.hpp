#pragma once

#include "troupe/context.hpp"
#include "troupe/llm/chat.hpp"
#include "troupe/task.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace troupe::llm {

/// The party that checks the arguments of a tool.
enum class argument_check : std::uint8_t {
  /// The tool, before its function is called.
  by_schema,
  /// The function, for a schema that is not honoured here in full.
  by_function,
};

/// A function that a model may call. Copies share it.
///
/// Thread safety: immutable. The function may be called on several threads at
/// once.
class tool {
 public:
  /// Takes the arguments, which fit the schema, and gives what the model is
  /// told. They live until the task has ended.
  using function = std::function<task<std::string>(const json&, context&)>;

  /// Errors: throws `errc::bad_flow` for a name that is not that of a tool, no
  /// function, and a schema that `json_schema` refuses.
  tool(tool_spec spec, function call,
       argument_check checked = argument_check::by_schema);

  [[nodiscard]] const tool_spec& spec() const& noexcept;
  [[nodiscard]] tool_spec spec() const&& {
    return static_cast<const tool&>(*this).spec();
  }
  /// Errors: throws `errc::bad_value` for arguments that do not fit, with what
  /// is wrong with them, and what the function throws.
  [[nodiscard]] task<std::string> call(json arguments, context& ctx) const;

 private:
  struct content;
  static task<std::string> call_of(std::shared_ptr<const content> of,
                                   json arguments, context& ctx);

  std::shared_ptr<const content> content_;
};

}  // namespace troupe::llm
