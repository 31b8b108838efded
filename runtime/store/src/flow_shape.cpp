#include "troupe/store/flow_shape.hpp"

#include "shape_parts.hpp"
#include "troupe/detail/placed/flow_form.hpp"
#include "troupe/json_text.hpp"
#include "troupe/printable.hpp"

#include <utility>

namespace troupe::detail {

namespace {

void add_node_facts(json& form, const graph_node& from) {
  form.erase("exec");
  if (from.inner) return;
  const auto& model = *from.model;
  form["kind"] = !model.has_exec()        ? "plain"
                 : model.retries_itself() ? "each"
                                          : "exec";
  if (model.has_fallback()) form["fallback"] = true;
  for (const auto action : model.declared_actions()) {
    form["actions"].push_back(std::string{action});
  }
  const auto& retry = from.options.retry;
  if (retry.attempts != 1) form["attempts"] = retry.attempts;
  if (retry.wait != duration::zero()) form["wait_ns"] = retry.wait.count();
}

void add_fan_out_facts(json& form, const fan_out_spec& from) {
  form["kind"] = from.items ? "batch" : "fork";
  form["width"] = from.in_sequence() ? std::size_t{1} : from.concurrency;
  if (from.in_sequence()) form["in_sequence"] = true;
  if (!from.local.empty()) form["local"] = from.local;
}

change_effect migrates(std::string why) {
  return {change_effect::kind::needs_migration, std::move(why)};
}

change_effect refuses(std::string why) {
  return {change_effect::kind::refused, std::move(why)};
}

/// Follows the place of a run through two shapes.
class place_finder {
 public:
  place_finder(const json& before, const json& now)
      : before_(before), now_(now) {}

  change_effect find(std::size_t before, std::size_t now,
                     const resume_point& point) {
    if (!point.at || point.at->at == position::stage::over) return {};
    const auto& at = *point.at;
    const json* node = nullptr;
    const json* old_node = nullptr;
    for (const auto& name : at.path) {
      if (node != nullptr) {
        if (!node->contains("flow") || !old_node->contains("flow")) {
          return migrates("node '" + printable(name) +
                          "' is not within a "
                          "flow any more");
        }
        before = old_node->at("flow").get<std::size_t>();
        now = node->at("flow").get<std::size_t>();
      }
      const auto& flow = flow_at(now_, now);
      old_node = member_of(flow_at(before_, before), name);
      node = member_of(flow, name);
      const auto what =
          "node " + quoted_name(name) + " of the flow " + name_of(flow);
      if (node == nullptr) {
        return migrates(what + ", where the run stands, was removed");
      }
      if (old_node == nullptr) {
        return migrates(what + " is not where the run says it stands");
      }
      const auto kind = kind_of(now_, *node);
      const auto was = kind_of(before_, *old_node);
      if (kind != was) {
        const auto why = what + ", where the run stands, is " +
                         kind_in_words(kind) + " now, not " +
                         kind_in_words(was);
        return has_items(point) ? refuses(why) : migrates(why);
      }
    }
    if (at.at == position::stage::fan_out) {
      if (node != nullptr) {
        before = old_node->at("flow").get<std::size_t>();
        now = node->at("flow").get<std::size_t>();
      }
      return of_fan_out(flow_at(before_, before), flow_at(now_, now), point);
    }
    if (node == nullptr) {
      return migrates("the flow " + name_of(flow_at(now_, now)) +
                      " is a graph of nodes now, and the run stands at none");
    }
    if (node->contains("flow")) {
      return migrates("node " + quoted_name(at.path.back()) +
                      " is a flow, and no node of it is named");
    }
    if (at.at == position::stage::fall_back && !node->contains("fallback")) {
      return migrates("node " + quoted_name(at.path.back()) +
                      ", in whose fallback the run stands, has none any more");
    }
    return {};
  }

 private:
  static const json* member_of(const json& flow, const std::string& name) {
    if (!flow.contains("nodes")) return nullptr;
    const auto found = flow.at("nodes").find(name);
    return found == flow.at("nodes").end() ? nullptr : &*found;
  }

  static bool has_items(const resume_point& point) {
    return !point.results.empty() || !point.taken.empty() ||
           !point.ended.empty() || !point.branches.empty();
  }

  change_effect of_fan_out(const json& before, const json& now,
                           const resume_point& point) {
    if (!is_fan_out_flow(now) || !is_fan_out_flow(before)) {
      return refuses("the flow " + name_of(now) +
                     ", where the run stands, is "
                     "no fan-out any more");
    }
    const auto& old_bodies = before.at("bodies");
    const auto& bodies = now.at("bodies");
    if (now.at("kind") != before.at("kind") ||
        bodies.size() != old_bodies.size()) {
      return refuses("the fan-out " + name_of(now) +
                     ", where the run stands, "
                     "has other branches now");
    }
    const bool is_fork = now.at("kind") == "fork";
    for (std::size_t i = 0; is_fork && i < bodies.size(); ++i) {
      const auto& was = flow_at(before_, old_bodies[i].get<std::size_t>());
      const auto& is = flow_at(now_, bodies[i].get<std::size_t>());
      if (was.at("name") != is.at("name")) {
        return refuses("branch " + std::to_string(i) + " of the fork " +
                       name_of(now) + ", where the run stands, is " +
                       name_of(is) + " now, not " + name_of(was));
      }
    }
    for (const auto& [item, branch] : point.branches) {
      const std::size_t body = is_fork ? item : 0;
      auto effect = find(old_bodies.at(body).get<std::size_t>(),
                         bodies.at(body).get<std::size_t>(), *branch);
      if (effect.how == change_effect::kind::goes_on) continue;
      return refuses("item " + std::to_string(item) + ": " + effect.why);
    }
    return {};
  }

  const json& before_;
  const json& now_;
};

}  // namespace

flow_shape flow_shape::of(const flow_graph& from) {
  json form = flow_form(from);
  auto& flows = form.at("flows");
  // The form numbers flows in the order in which it meets them.
  std::vector<const flow_graph*> graphs(flows.size());
  graphs.at(0) = &from;
  for (std::size_t i = 0; i < graphs.size(); ++i) {
    auto& flow = flows[i];
    if (const auto& fan_out = graphs[i]->fan_out) {
      add_fan_out_facts(flow, *fan_out);
      for (std::size_t body = 0; body < fan_out->bodies.size(); ++body) {
        graphs.at(flow.at("bodies").at(body).get<std::size_t>()) =
            fan_out->bodies[body].get();
      }
      continue;
    }
    for (const auto& node : graphs[i]->nodes) {
      auto& facts = flow.at("nodes").at(node.name);
      if (node.inner) {
        graphs.at(facts.at("flow").get<std::size_t>()) = node.inner.get();
      }
      add_node_facts(facts, node);
    }
  }
  return flow_shape{std::move(form)};
}

flow_shape flow_shape::from(std::string_view text) {
  try {
    json form = read_json(text);
    if (!form.is_object() || form.value("flows", json{}).empty()) {
      throw error{errc::store_failed, "invalid shape of a flow: no flows"};
    }
    return flow_shape{std::move(form)};
  } catch (const error& why) {
    throw error{errc::store_failed,
                "invalid shape of a flow: " + why.message()};
  }
}

std::string flow_shape::text() const {
  return write_json(form_, bad_text::replaced);
}

change_effect effect_of_change(const flow_shape& before, const flow_shape& now,
                               const resume_point& at) {
  return read_shape([&]() -> change_effect {
    const auto& old_flow = flow_at(before.form(), 0);
    const auto& flow = flow_at(now.form(), 0);
    if (old_flow.at("name") != flow.at("name")) {
      return refuses("the flow " + name_of(old_flow) + " is called " +
                     name_of(flow) + " now; its runs keep the old name");
    }
    return place_finder{before.form(), now.form()}.find(0, 0, at);
  });
}

}  // namespace troupe::detail
