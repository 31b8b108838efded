#pragma once

#include "troupe/json.hpp"

#include <string>
#include <string_view>

namespace troupe::llm {

/// The place in a trace at which a request to a server of the Model Context
/// Protocol is made. Empty: nothing is said of it.
///
/// Source: W3C Trace Context, W3C Baggage, and the revision 2026-07-28 of the
/// protocol, in which they stand in the request's `_meta`.
struct mcp_trace_context {
  /// For example "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01".
  std::string traceparent = {};
  /// The members that tracing systems add, for example "vendor=value". It is
  /// told only with a `traceparent`.
  std::string tracestate = {};
  /// Values for who works on the request, for example "user=7,region=eu".
  std::string baggage = {};
};

namespace mcp {

[[nodiscard]] bool is_traceparent(std::string_view text) noexcept;
[[nodiscard]] bool is_tracestate(std::string_view text);
/// At most 8,192 bytes and 64 values.
[[nodiscard]] bool is_baggage(std::string_view text);

/// Puts the members of `from` into `meta`, the `_meta` of a request. Those that
/// do not have the form of their standard are left out: a trace must not fail
/// the work that it is about.
void add_trace(json& meta, const mcp_trace_context& from);

}  // namespace mcp
}  // namespace troupe::llm
