#pragma once

#include "troupe/http/http_message.hpp"
#include "troupe/json.hpp"

#include <string>
#include <vector>

namespace troupe::llm::mcp {

/// An argument of a tool that its server wants in a header as well, so that
/// those on the way can see it.
struct mirrored_param {
  /// Without "Mcp-Param-".
  std::string name;
  /// The names of the members that lead to the argument.
  std::vector<std::string> path;
};

/// The annotations "x-mcp-header" in the schema of a tool.
struct mirrors {
  std::vector<mirrored_param> params;
  /// The reason not to use the tool: an annotation is no name for a header, is
  /// there twice, stands where no argument of its own is, or is about one that
  /// is no text, number or truth value. Empty where all is well.
  std::string fault;
};

/// Source: "Custom Headers from Tool Parameters" of the revision 2026-07-28.
/// Limits: 64 annotations, names of 128 bytes.
[[nodiscard]] mirrors mirrors_in(const json& schema);

/// The headers "Mcp-Param-..." of a call with such arguments. What is not there
/// or null has none.
[[nodiscard]] std::vector<http_header> mirrored(
    const std::vector<mirrored_param>& params, const json& arguments);

/// True if an answer says that headers and body differ, as when the schema of a
/// tool is another one by now.
[[nodiscard]] bool is_header_mismatch(const json& answer);

}  // namespace troupe::llm::mcp
