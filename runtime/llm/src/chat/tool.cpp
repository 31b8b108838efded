#include "troupe/llm/tool.hpp"

#include "replies/reply_fields.hpp"
#include "troupe/llm/json_schema.hpp"
#include "troupe/printable.hpp"

#include <optional>
#include <utility>

namespace troupe::llm {

struct tool::content {
  tool_spec spec;
  function call;
  std::optional<json_schema> schema;
};

tool::tool(tool_spec spec, function call, argument_check checked) {
  if (!detail::is_name(spec.name)) {
    throw error{errc::bad_flow,
                "invalid name of a tool, '" + printable(cut(spec.name, 100)) +
                    "': it must have 1 to 64 letters, digits, '_' "
                    "and '-'"};
  }
  if (!call) {
    throw error{errc::bad_flow,
                "the tool '" + spec.name + "' has no function to call"};
  }
  std::optional<json_schema> schema;
  if (checked == argument_check::by_schema) {
    try {
      schema.emplace(spec.parameters);
    } catch (const error& why) {
      throw error{errc::bad_flow,
                  "the tool '" + spec.name + "': " + why.message()};
    }
  }
  content_ = std::make_shared<const content>(
      content{std::move(spec), std::move(call), std::move(schema)});
}

const tool_spec& tool::spec() const& noexcept { return content_->spec; }

task<std::string> tool::call_of(std::shared_ptr<const content> of,
                                json arguments, context& ctx) {
  if (of->schema) {
    const auto mistakes = of->schema->mistakes_in(arguments);
    if (!mistakes.empty()) {
      throw error{errc::bad_value, "the arguments of '" + of->spec.name +
                                       "' do not fit: " + joined(mistakes)};
    }
  }
  auto work = of->call(arguments, ctx);
  co_return co_await work;
}

task<std::string> tool::call(json arguments, context& ctx) const {
  return call_of(content_, std::move(arguments), ctx);
}

}  // namespace troupe::llm
