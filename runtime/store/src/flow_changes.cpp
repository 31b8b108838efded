#include "shape_parts.hpp"
#include "troupe/json_text.hpp"
#include "troupe/printable.hpp"
#include "troupe/store/flow_shape.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace troupe::detail {

namespace {

constexpr std::size_t changes_max = 100;

/// Collects the changes between two shapes.
class change_list {
 public:
  change_list(const json& before, const json& now)
      : before_(before), now_(now) {}

  std::vector<std::string> collect() {
    pair_up(0, 0);
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      const auto [before, now] = pairs_[i];
      compare_flows(flow_at(before_, before), flow_at(now_, now));
    }
    return std::move(made_);
  }

 private:
  void pair_up(std::size_t before, std::size_t now) {
    if (known_.emplace(before, now).second) pairs_.emplace_back(before, now);
  }

  void add(std::string text) {
    if (made_.size() < changes_max) made_.push_back(std::move(text));
  }

  void compare_flows(const json& before, const json& now) {
    flow_ = name_of(now);
    if (before.at("name") != now.at("name")) {
      add("the flow " + name_of(before) + " is called " + flow_ + " now");
    }
    if (is_fan_out_flow(before) != is_fan_out_flow(now)) {
      add("the flow " + flow_ + " is " +
          (is_fan_out_flow(now) ? "a fan-out" : "a graph of nodes") + " now");
      return;
    }
    if (is_fan_out_flow(now)) {
      compare_fan_outs(before, now);
      return;
    }
    compare_member(before, now, "start", "the start of the flow " + flow_);
    const auto& nodes = now.at("nodes");
    for (const auto& [name, node] : before.at("nodes").items()) {
      if (!nodes.contains(name)) {
        add("node " + quoted_name(name) + " of the flow " + flow_ +
            " was removed");
      } else {
        compare_nodes(quoted_name(name), node, nodes.at(name));
      }
    }
    for (const auto& [name, node] : nodes.items()) {
      if (before.at("nodes").contains(name)) continue;
      add("node " + quoted_name(name) + " was added to the flow " + flow_);
    }
  }

  void compare_fan_outs(const json& before, const json& now) {
    const std::string what = "the fan-out " + flow_;
    for (const auto* name : {"kind", "width", "in_sequence", "local", "on"}) {
      compare_member(before, now, name,
                     "'" + std::string{name} + "' of " + what);
    }
    const auto& old_bodies = before.at("bodies");
    const auto& bodies = now.at("bodies");
    if (old_bodies.size() != bodies.size()) {
      add(what + " has " + std::to_string(bodies.size()) +
          " branches now, not " + std::to_string(old_bodies.size()));
    }
    for (std::size_t i = 0; i < std::min(old_bodies.size(), bodies.size());
         ++i) {
      pair_up(old_bodies[i].get<std::size_t>(), bodies[i].get<std::size_t>());
    }
  }

  void compare_nodes(const std::string& name, const json& before,
                     const json& now) {
    const std::string what = "node " + name + " of the flow " + flow_;
    const auto kind = kind_of(now_, now);
    if (kind_of(before_, before) != kind) {
      add(what + " is " + kind_in_words(kind) + " now, not " +
          kind_in_words(kind_of(before_, before)));
    }
    if (before.contains("flow") && now.contains("flow")) {
      pair_up(before.at("flow").get<std::size_t>(),
              now.at("flow").get<std::size_t>());
    }
    for (const auto* each :
         {"fallback", "actions", "attempts", "wait_ns", "on"}) {
      compare_member(before, now, each,
                     "'" + std::string{each} + "' of " + what);
    }
    compare_edges(what, before.value("next", json::object()),
                  now.value("next", json::object()));
  }

  void compare_edges(const std::string& what, const json& before,
                     const json& now) {
    for (const auto& [action, target] : before.items()) {
      const auto edge = "the edge " + quoted_name(action) + " of " + what;
      if (!now.contains(action)) {
        add(edge + " was removed");
      } else if (now.at(action) != target) {
        add(edge + " leads to " +
            quoted_name(now.at(action).get<std::string>()) + " now, not to " +
            quoted_name(target.get<std::string>()));
      }
    }
    for (const auto& [action, target] : now.items()) {
      if (before.contains(action)) continue;
      add("the edge " + quoted_name(action) + " of " + what + " was added");
    }
  }

  void compare_member(const json& before, const json& now, const char* name,
                      const std::string& what) {
    const auto shown = [&](const json& in) {
      const auto found = in.find(name);
      if (found == in.end()) return std::string{"nothing"};
      return printable(write_json(*found, bad_text::replaced),
                       line_breaks::joined, 200);
    };
    const auto is_now = shown(now);
    const auto was = shown(before);
    if (is_now != was) add(what + " is " + is_now + " now, not " + was);
  }

  const json& before_;
  const json& now_;
  std::set<std::pair<std::size_t, std::size_t>> known_;
  std::vector<std::pair<std::size_t, std::size_t>> pairs_;
  std::string flow_;
  std::vector<std::string> made_;
};

}  // namespace

std::vector<std::string> changes_between(const flow_shape& before,
                                         const flow_shape& now) {
  return read_shape([&] {
    return change_list{before.form(), now.form()}.collect();
  });
}

}  // namespace troupe::detail
