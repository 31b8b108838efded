#include "mcp/mcp_param_book.hpp"

#include <cstddef>
#include <iterator>
#include <utility>

namespace troupe::llm::detail {

namespace {

constexpr std::size_t tools_with_params_max = 10'000;

const json& at_or_null(const json& form, const char* key) {
  static const json none = nullptr;
  if (!form.is_object()) return none;
  const auto found = form.find(key);
  return found == form.end() ? none : *found;
}

}  // namespace

void mcp_param_book::learn(const json& listed) {
  const auto& tools = at_or_null(at_or_null(listed, "result"), "tools");
  if (!tools.is_array()) return;
  const std::lock_guard lock{mutex_};
  for (const auto& each : tools) {
    const auto& name = at_or_null(each, "name");
    if (!name.is_string()) continue;
    const auto& key = name.get_ref<const std::string&>();
    auto found = mcp::mirrors_in(at_or_null(each, "inputSchema"));
    if (found.params.empty()) {
      known_.erase(key);
    } else if (known_.size() < tools_with_params_max || known_.contains(key)) {
      known_.insert_or_assign(key, std::move(found.params));
    }
  }
}

void mcp_param_book::add_to(std::vector<http_header>& headers,
                            const json& call) {
  const auto& params = at_or_null(call, "params");
  const auto& name = at_or_null(params, "name");
  if (!name.is_string()) return;
  const std::lock_guard lock{mutex_};
  const auto known = known_.find(name.get_ref<const std::string&>());
  if (known == known_.end()) return;
  auto more = mcp::mirrored(known->second, at_or_null(params, "arguments"));
  std::move(more.begin(), more.end(), std::back_inserter(headers));
}

}  // namespace troupe::llm::detail
