#include "troupe/llm/mcp_mirrors.hpp"

#include "mcp/mcp_member.hpp"
#include "troupe/json_text.hpp"
#include "troupe/llm/mcp_protocol.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>
#include <utility>

namespace troupe::llm::mcp {

namespace {

using detail::code_of;
using detail::member;

constexpr const char* annotation = "x-mcp-header";
constexpr std::size_t annotations_max = 64;
constexpr std::size_t header_name_max = 128;
constexpr std::int64_t headers_differ = -32020;

/// RFC 9110, 5.6.2.
bool is_field_name(std::string_view name) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !name.empty() && name.size() <= header_name_max &&
         std::all_of(name.begin(), name.end(), [&](unsigned char each) {
           return (each < 0x80 && std::isalnum(each) != 0) ||
                  marks.find(static_cast<char>(each)) != marks.npos;
         });
}

std::string in_small_letters(std::string text) {
  std::transform(
      text.begin(), text.end(), text.begin(),
      [](unsigned char each) { return static_cast<char>(std::tolower(each)); });
  return text;
}

/// True if an argument of this schema can be a header.
bool is_plain_type(const json& schema) {
  const auto is_known = [](const json& type) {
    // The protocol leaves numbers out, but its own tests do not.
    static constexpr std::array<std::string_view, 5> known = {
        "string", "integer", "boolean", "number", "null"};
    return type.is_string() &&
           std::find(known.begin(), known.end(),
                     type.get_ref<const std::string&>()) != known.end();
  };
  const auto* type = member(schema, "type");
  if (type == nullptr) return false;
  if (!type->is_array()) return is_known(*type) && *type != "null";
  return !type->empty() && std::all_of(type->begin(), type->end(), is_known);
}

/// Walks the schema of a tool.
class mirror_search {
 public:
  mirrors search(const json& schema) {
    look_at(schema, /*is_reachable=*/true);
    return std::move(found_);
  }

 private:
  // NOLINTNEXTLINE(misc-no-recursion): as deep as JSON that was read
  void look_at(const json& schema, bool is_reachable) {
    if (!found_.fault.empty()) return;
    if (schema.is_array()) {
      for (const auto& each : schema) look_at(each, false);
    }
    if (!schema.is_object()) return;
    if (const auto* name = member(schema, annotation)) {
      take(*name, schema, is_reachable);
    }
    for (const auto& [key, value] : schema.items()) {
      if (key == "default" || key == "enum" || key == "const" ||
          key == "examples" || key == annotation) {
        continue;
      }
      if (key == "properties" && value.is_object()) {
        look_at_members(value, is_reachable);
      } else {
        look_at(value, false);
      }
    }
  }

  // NOLINTNEXTLINE(misc-no-recursion): as deep as JSON that was read
  void look_at_members(const json& members, bool is_reachable) {
    for (const auto& [key, value] : members.items()) {
      path_.push_back(key);
      look_at(value, is_reachable);
      path_.pop_back();
    }
  }

  void take(const json& given, const json& schema, bool is_reachable) {
    const auto name = given.is_string() ? given.get<std::string>() : "";
    if (!is_field_name(name)) {
      refuse("is not a valid header name");
    } else if (!is_reachable || path_.empty()) {
      refuse("'" + name + "' is not at an argument");
    } else if (!is_plain_type(schema)) {
      refuse("'" + name +
             "' is at an argument that is not a string, number or boolean");
    } else if (!names_.insert(in_small_letters(name)).second) {
      refuse("'" + name + "' occurs twice");
    } else if (names_.size() > annotations_max) {
      refuse("occurs more than " + std::to_string(annotations_max) + " times");
    } else {
      found_.params.push_back({name, path_});
    }
  }

  void refuse(const std::string& what) {
    found_.params.clear();
    found_.fault = std::string{annotation} + " " + what;
  }

  mirrors found_;
  std::vector<std::string> path_;
  std::set<std::string> names_;
};

const json* argument_at(const json& arguments,
                        const std::vector<std::string>& path) {
  const json* place = &arguments;
  for (const auto& each : path) {
    place = member(*place, each.c_str());
    if (place == nullptr) return nullptr;
  }
  return place;
}

}  // namespace

mirrors mirrors_in(const json& schema) {
  return mirror_search{}.search(schema);
}

std::vector<http_header> mirrored(const std::vector<mirrored_param>& params,
                                  const json& arguments) {
  std::vector<http_header> headers;
  for (const auto& each : params) {
    const auto* given = argument_at(arguments, each.path);
    if (given == nullptr || given->is_structured()) continue;
    const auto text =
        given->is_string() ? given->get<std::string>() : write_json(*given);
    headers.push_back(
        {"mcp-param-" + in_small_letters(each.name), header_value(text)});
  }
  return headers;
}

bool is_header_mismatch(const json& answer) {
  const auto* failure = member(answer, "error");
  return failure != nullptr && code_of(*failure) == headers_differ;
}

}  // namespace troupe::llm::mcp
