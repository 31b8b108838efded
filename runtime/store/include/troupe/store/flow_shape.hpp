#pragma once

#include "troupe/detail/node/flow_graph.hpp"
#include "troupe/json.hpp"
#include "troupe/store/resume_point.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::detail {

/// The shape of a flow and of those within it: the names of nodes, their kinds,
/// edges, declared actions and options. Never a type of C++, which another
/// build may name differently. A run keeps the shape that it began with, or was
/// last resumed with.
///
/// Thread safety: immutable.
class flow_shape {
 public:
  [[nodiscard]] static flow_shape of(const flow_graph& from);
  /// Reads what `text` gave. Errors: throws `errc::store_failed`.
  [[nodiscard]] static flow_shape from(std::string_view text);

  [[nodiscard]] std::string text() const;
  [[nodiscard]] const json& form() const noexcept { return form_; }

 private:
  explicit flow_shape(json form) : form_(std::move(form)) {}

  json form_;
};

/// Returns the changes from one shape to the other in words, 100 at most: "node
/// 'b' of the flow 'f' was removed".
[[nodiscard]] std::vector<std::string> changes_between(const flow_shape& before,
                                                       const flow_shape& now);

/// The meaning of a change of a flow for a run in flight.
///
/// The flow as it is now does the rest of the run, as long as the place where
/// the run stands exists and is the same kind of node. Another
/// `flow_options::version` asks for nothing by itself.
///
/// | change                            | the run stands | effect          |
/// | --------------------------------- | -------------- | --------------- |
/// | node added behind, or before      | anywhere       | goes on         |
/// | node removed, or renamed          | elsewhere      | goes on         |
/// | node removed, or renamed          | there          | needs migration |
/// | edge added, removed, retargeted   | anywhere       | goes on         |
/// | type of what prep gives           | anywhere       | goes on (1)     |
/// | kind of node                      | elsewhere      | goes on         |
/// | kind of node                      | there          | needs migration |
/// | fallback removed                  | in it          | needs migration |
/// | retry options, declared actions   | anywhere       | goes on         |
/// | width of a batch, failure policy  | anywhere       | goes on         |
/// | local keys                        | anywhere       | goes on         |
/// | nested flow, the place kept       | within it      | goes on         |
/// | nested flow, the place removed    | within it      | needs migration |
/// | branch of a fork added or removed | elsewhere      | goes on         |
/// | branch of a fork added or removed | in it          | refused         |
/// | sub-flow, the place of an item    | in the batch   | refused         |
/// | removed                           |                |                 |
/// | flow renamed                      | anywhere       | refused (2)     |
///
/// (1) No shape shows it. If the kept result of prep cannot be read as the new
/// type, the step begins again. (2) The runs belong to the flow of the old
/// name; it has to be registered under that.
struct change_effect {
  enum class kind : std::uint8_t {
    goes_on,
    /// It goes on if a migration moves it to a place that is there.
    needs_migration,
    /// It stays as it is; the flow has to offer that place.
    refused,
  };
  kind how = kind::goes_on;
  /// The difference that it is about, unless it goes on.
  std::string why{};
};

[[nodiscard]] change_effect effect_of_change(const flow_shape& before,
                                             const flow_shape& now,
                                             const resume_point& at);

}  // namespace troupe::detail
