// The tools of servers of the Model Context Protocol, and what they give.

#include "mcp/mcp_member.hpp"
#include "mcp/mcp_schema.hpp"
#include "replies/reply_fields.hpp"
#include "troupe/error.hpp"
#include "troupe/json_text.hpp"
#include "troupe/llm/mcp_mirrors.hpp"
#include "troupe/llm/mcp_protocol.hpp"
#include "troupe/printable.hpp"

#include <algorithm>
#include <utility>

namespace troupe::llm::mcp {

namespace {

using detail::member;
using llm::detail::reply_fields;

/// Of a server's name for a tool, which is a header's value as well.
constexpr std::size_t name_max = 256;
/// Of the name that models are told.
constexpr std::size_t offered_max = 64;
/// Of the number behind it.
constexpr std::size_t mark_max = 8;
constexpr std::size_t description_max = std::size_t{64} << 10;
constexpr std::size_t failure_max = std::size_t{64} << 10;

std::string text_at(const json& of, const char* key) {
  const auto* found = member(of, key);
  return found != nullptr && found->is_string() ? found->get<std::string>()
                                                : std::string{};
}

bool is_control(unsigned char each) { return each < 0x20 || each == 0x7F; }

// -- the list -----------------------------------------------------------------

/// Returns the reason why the name of a tool cannot be used; empty where it
/// can.
std::string fault_of_name(const std::string& name) {
  if (name.empty()) return "it has no name";
  if (name.size() > name_max) {
    return "its name has more than " + std::to_string(name_max) + " bytes";
  }
  if (std::any_of(name.begin(), name.end(), is_control)) {
    return "its name has control characters";
  }
  return {};
}

/// The schema of a tool's arguments, which are an object in any case; nothing
/// for one that takes no object. An empty list is how PHP writes an empty one.
std::optional<json> schema_of(const json& tool) {
  const auto* given = member(tool, "inputSchema");
  json schema = json::object();
  if (given != nullptr && *given != json(true) && *given != json::array()) {
    schema = *given;
  }
  if (schema.is_string()) {
    auto form = try_read_json(schema.get_ref<const std::string&>());
    if (form) schema = std::move(*form);
  }
  if (!schema.is_object()) return std::nullopt;
  schema = detail::usable_schema(schema);
  const auto* type = member(schema, "type");
  const bool takes_object =
      type == nullptr || *type == "object" ||
      (type->is_array() &&
       std::find(type->begin(), type->end(), "object") != type->end());
  if (!takes_object) return std::nullopt;
  schema["type"] = "object";
  return schema;
}

void leave_out(tool_page& page, std::string why) {
  if (page.left_out++ == 0) page.first_reason = std::move(why);
}

void take_tool(const json& form, tool_page& page) {
  if (!form.is_object()) {
    leave_out(page, "a tool is not an object");
    return;
  }
  auto name = text_at(form, "name");
  if (const auto fault = fault_of_name(name); !fault.empty()) {
    leave_out(page, "a tool cannot be used: " + fault);
    return;
  }
  auto schema = schema_of(form);
  if (!schema) {
    leave_out(
        page,
        "the tool '" + printable(name) +
            "' cannot be used: its inputSchema does not accept an object");
    return;
  }
  if (const auto fault = mirrors_in(*schema).fault; !fault.empty()) {
    leave_out(page,
              "the tool '" + printable(name) + "' cannot be used: " + fault);
    return;
  }
  page.tools.push_back({std::move(name),
                        cut(text_at(form, "description"), description_max),
                        std::move(*schema)});
}

// -- results ------------------------------------------------------------------

std::string word_for(const json& value) {
  return value.is_string() ? value.get<std::string>()
                           : write_json(value, bad_text::replaced);
}

std::string text_of_block(const json& block) {
  if (block.is_string()) return block.get<std::string>();
  const auto type = text_at(block, "type");
  if (type == "text" || type.empty()) {
    auto text = text_at(block, "text");
    return text.empty() && type.empty() ? "(unknown)" : text;
  }
  if (type == "resource") {
    const auto* resource = member(block, "resource");
    auto text =
        resource == nullptr ? std::string{} : text_at(*resource, "text");
    if (!text.empty()) return text;
  }
  if (type == "resource_link") {
    auto address = text_at(block, "uri");
    if (!address.empty()) return address;
  }
  return "(" + cut(type, offered_max) + ")";
}

std::string text_of_content(const json& content) {
  if (!content.is_array()) return text_of_block(content);
  std::string text;
  for (const auto& block : content) {
    if (!text.empty()) text += "\n";
    text += text_of_block(block);
  }
  return text;
}

}  // namespace

tool_page tools_in(const json& result) {
  if (result.is_array()) return tools_in({{"tools", result}});
  const reply_fields fields{result};
  const auto all = fields.find("tools");
  tool_page page;
  for (std::size_t i = 0; i < all.size(); ++i) {
    take_tool(all.at(i).form(), page);
  }
  const auto next = fields.find("nextCursor");
  if (next.form() != json(false)) page.next = fields.id_or_none("nextCursor");
  return page;
}

std::string tool_names::offered(std::string name) {
  std::replace_if(
      name.begin(), name.end(),
      [](char each) {
        return !llm::detail::is_name({&each, 1});
      },
      '_');
  name.resize(std::min(name.size(), offered_max));
  if (taken_.insert(name).second) return name;
  // Long names that are cut to the same for their number share a count, so that
  // no number is tried often.
  auto stem = name.substr(0, offered_max - mark_max);
  auto& number =
      numbers_.try_emplace(std::move(stem), std::size_t{1}).first->second;
  for (;;) {
    const auto mark = "_" + std::to_string(++number);
    auto numbered = name.substr(0, offered_max - mark.size()) + mark;
    if (taken_.insert(numbered).second) return numbered;
  }
}

std::string text_in(const json& result) {
  const reply_fields fields{result};
  std::string text;
  if (const auto* content = member(result, "content")) {
    text = text_of_content(*content);
  }
  // The latter is of 2024-10-07.
  for (const char* key : {"structuredContent", "toolResult"}) {
    const auto* found = member(result, key);
    if (text.empty() && found != nullptr) text = word_for(*found);
  }
  if (fields.find("isError").form() != json(true)) return text;
  if (text.empty()) text = "the tool failed without a reason";
  throw error{errc::request_failed,
              printable(text, line_breaks::kept, failure_max)};
}

}  // namespace troupe::llm::mcp
