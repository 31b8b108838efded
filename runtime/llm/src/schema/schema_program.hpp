#pragma once

#include "schema/value_types.hpp"
#include "text/pattern.hpp"
#include "text/text_format.hpp"
#include "troupe/json.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::llm::detail {

/// The maximum depth of schemas and values.
inline constexpr std::size_t nesting_max = 100;

/// A schema of a program, by its place in the list of them.
using schema_index = std::uint32_t;

struct size_bounds {
  std::size_t least = 0;
  std::size_t most = std::numeric_limits<std::size_t>::max();
};

/// Numbers of the schema, or null.
struct number_rules {
  const json* least = nullptr;
  const json* most = nullptr;
  const json* above = nullptr;
  const json* below = nullptr;
  const json* multiple_of = nullptr;
};

struct text_rules {
  size_bounds length;
  std::shared_ptr<const pattern> matched;
  text_format format = text_format::any;
};

struct list_rules {
  size_bounds size;
  bool is_unique = false;
  /// Of the first elements, each has its own.
  std::vector<schema_index> first;
  std::optional<schema_index> others;
  std::optional<schema_index> contained;
};

/// The members that an object must have, or the schema it must fit, where it
/// has a member.
struct dependency {
  std::string_view member;
  std::vector<std::string_view> required;
  std::optional<schema_index> schema;
};

struct object_rules {
  size_bounds size;
  std::vector<std::string_view> required;
  std::map<std::string_view, schema_index> named;
  std::vector<std::pair<std::shared_ptr<const pattern>, schema_index>> matched;
  std::optional<schema_index> others;
  std::optional<schema_index> names;
  std::vector<dependency> dependencies;
};

/// Schemas for the same value.
struct combined_rules {
  std::vector<schema_index> all;
  std::vector<schema_index> any;
  std::vector<schema_index> one;
  std::optional<schema_index> none;
  std::optional<schema_index> condition;
  std::optional<schema_index> if_fits;
  std::optional<schema_index> otherwise;
};

/// The values of `enum` or `const`, as their exact texts.
struct choices {
  std::set<std::string, std::less<>> exact;
  /// For people, and cut.
  std::string shown;
};

/// The rules of a schema, or of a part of it. Where there is a reference, it is
/// the only rule.
struct schema_node {
  const json* form = nullptr;
  bool takes_nothing = false;
  value_types types = any_type;
  std::optional<schema_index> reference;
  std::unique_ptr<choices> one_of;
  std::unique_ptr<choices> constant;
  std::unique_ptr<number_rules> numbers;
  std::unique_ptr<text_rules> texts;
  std::unique_ptr<list_rules> lists;
  std::unique_ptr<object_rules> objects;
  std::unique_ptr<combined_rules> combined;
};

/// A schema that is ready to check values. It has views of the JSON that it was
/// made of, which must stay where it is.
struct schema_program {
  /// The first is the whole.
  std::vector<schema_node> schemas;
};

/// Checks that each keyword of a schema is one that is honoured, or one that
/// only tells people something, and resolves references. Takes n log n.
///
/// Errors: throws a permanent `errc::bad_flow` that names the first fault, and
/// its place.
[[nodiscard]] schema_program compiled(const json& schema);

}  // namespace troupe::llm::detail
