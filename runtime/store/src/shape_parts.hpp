#pragma once

#include "troupe/error.hpp"
#include "troupe/json.hpp"
#include "troupe/printable.hpp"

#include <cstddef>
#include <string>

namespace troupe::detail {

// A shape that a store holds may be anything, so members are looked up by `at`.
inline const json& flow_at(const json& shape, std::size_t number) {
  return shape.at("flows").at(number);
}

inline std::string quoted_name(const std::string& name) {
  return "'" + printable(name, line_breaks::joined, 200) + "'";
}

inline std::string name_of(const json& flow) {
  return quoted_name(flow.at("name").get<std::string>());
}

inline bool is_fan_out_flow(const json& flow) {
  return flow.contains("bodies");
}

/// The kind of what stands at a node, or of a flow that is a fan-out.
inline std::string kind_of(const json& shape, const json& node) {
  if (!node.contains("flow")) return node.at("kind").get<std::string>();
  const auto& inner = flow_at(shape, node.at("flow").get<std::size_t>());
  return is_fan_out_flow(inner) ? inner.at("kind").get<std::string>() : "flow";
}

inline std::string kind_in_words(const std::string& kind) {
  if (kind == "plain") return "a node without exec";
  if (kind == "exec") return "a node with exec";
  if (kind == "each") return "a batch node";
  if (kind == "flow") return "a flow";
  return "a " + printable(kind, line_breaks::joined, 40);
}

/// A stored shape that is not one is the fault of the store.
template <class Read>
auto read_shape(const Read& read) {
  try {
    return read();
  } catch (const json::exception& why) {
    throw error{errc::store_failed,
                std::string{"invalid shape of a flow: "} + why.what()};
  }
}

}  // namespace troupe::detail
