#pragma once

#include <troupe/detail/node/flow_graph.hpp>
#include <troupe/flow.hpp>
#include <troupe/json.hpp>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace troupe::detail {

/// The parts of a flow that other processes may ask for: its placed nodes, and
/// the whole where it is the body of a placed fan-out.
struct served_flow {
  std::shared_ptr<const flow_graph> model;
  json form;
  /// By their place in the flow: "inner/node".
  std::map<std::string, const graph_node*> nodes;
  /// True if sub-flows may be asked for.
  bool is_body = false;
  /// The labels that its work asks for.
  std::set<std::string> labels;
};

/// All that is placed in `flows`, by the name of the flow that it is of.
/// Errors: throws `errc::bad_flow` where two different flows have one name, or
/// where nothing is placed at all.
[[nodiscard]] std::map<std::string, served_flow> served_in(
    const std::vector<flow>& flows);

/// An attempt of `exec` that another process asks for, as a flow of its own.
/// To be run once.
class served_attempt {
 public:
  struct request {
    json input;
    std::uint32_t attempt = 0;
    std::optional<std::size_t> item = {};
    state readable = {};
  };

  served_attempt(const graph_node& node, request asked);

  [[nodiscard]] const flow& work() const noexcept { return work_; }
  /// Returns the result of `exec`. @pre the run of the flow has ended well
  [[nodiscard]] json take_output();

 private:
  std::shared_ptr<std::optional<json>> output_;
  flow work_;
};

}  // namespace troupe::detail
