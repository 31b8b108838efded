#include "troupe/llm/schema.hpp"

namespace troupe::llm::detail {

json nullable(json schema) {
  const auto type = schema.find("type");
  // A list of choices would have to have null among them.
  if (type == schema.end() || !type->is_string() || schema.contains("enum")) {
    if (schema.empty()) return schema;
    json description = nullptr;
    if (const auto told = schema.find("description"); told != schema.end()) {
      description = *told;
      schema.erase(told);
    }
    json form = {{"anyOf", {std::move(schema), {{"type", "null"}}}}};
    if (!description.is_null()) form["description"] = std::move(description);
    return form;
  }
  *type = json::array({*type, "null"});
  return schema;
}

}  // namespace troupe::llm::detail
