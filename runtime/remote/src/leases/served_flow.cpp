#include "leases/served_flow.hpp"

#include <troupe/detail/node/steps.hpp>
#include <troupe/detail/placed/flow_form.hpp>

#include <cassert>
#include <utility>

namespace troupe::detail {

namespace {

class served_node final : public node_base {
 public:
  served_node(const graph_node& from, served_attempt::request asked,
              std::shared_ptr<std::optional<json>> output)
      : model_(from.model),
        options_(from.options),
        asked_(std::move(asked)),
        output_(std::move(output)) {
    // The asking process has passed these.
    options_.concurrency = {};
    options_.limits.clear();
    options_.on.clear();
  }

  step_status begin(frame& step) const override {
    auto kept = std::make_unique<values>(
        context{step.context.host(), asked_.attempt, asked_.item});
    auto made = guarded(step, [&] {
      return model_->serve(asked_.input, asked_.readable, kept->ctx, options_);
    });
    if (!made) return step_status::failed;
    kept->work = std::move(*made);
    auto& work = kept->work;
    step.kept = std::move(kept);
    if (!work.start(*step.fibers, step.told)) return step_status::suspended;
    return resume(step);
  }
  step_status resume(frame& step) const override {
    auto& kept = static_cast<values&>(*step.kept);
    auto given = guarded_end(step, kept.work);
    if (!given) return step_status::failed;
    *output_ = std::move(*given);
    step.action = {};
    return step_status::done;
  }
  step_status retry(frame& step) const override { return begin(step); }
  step_status fall_back(frame&) const override { return step_status::failed; }
  void restore(frame&, const json&) const override {
    throw error{errc::bad_flow, "an attempt for another process has no prep"};
  }

  bool has_exec() const noexcept override { return true; }
  bool has_fallback() const noexcept override { return false; }
  bool exec_is_task() const noexcept override { return true; }
  bool retries_itself() const noexcept override { return false; }
  task<json> serve(json input, const state& readable, context& ctx,
                   const node_options& options) const override {
    return model_->serve(std::move(input), readable, ctx, options);
  }
  exec_facts facts() const override { return model_->facts(); }
  std::span<const std::string_view> declared_actions() const noexcept override {
    return {};
  }

 private:
  struct values final : kept_values {
    explicit values(context of_attempt) : ctx(of_attempt) {}
    std::optional<json> prepared_form() const override { return std::nullopt; }
    context ctx;
    task<json> work;
  };

  std::shared_ptr<const node_base> model_;
  node_options options_;
  served_attempt::request asked_;
  std::shared_ptr<std::optional<json>> output_;
};

flow flow_of(const graph_node& from, served_attempt::request asked,
             std::shared_ptr<std::optional<json>> output) {
  auto made = std::make_shared<flow_graph>();
  made->name = from.name;
  graph_node node;
  node.name = from.name;
  node.model = std::make_shared<const served_node>(from, std::move(asked),
                                                   std::move(output));
  node.options.threads = from.options.threads;
  made->nodes.push_back(std::move(node));
  made->start = 0;
  return flow{std::move(made)};
}

// The placed parts of a flow up to its fan-outs, whose sub-flows are flows of
// their own.
class survey {
 public:
  explicit survey(std::map<std::string, served_flow>& into) : into_(into) {}

  void look_at(const std::shared_ptr<const flow_graph>& root,
               std::string placed_as_body) {
    std::vector<place> open{{root.get(), {}}};
    served_flow found;
    found.model = root;
    if (!placed_as_body.empty()) {
      found.is_body = true;
      found.labels.insert(std::move(placed_as_body));
    }
    while (!open.empty()) {
      const auto next = std::move(open.back());
      open.pop_back();
      look_at(next, found, open);
    }
    if (!found.labels.empty()) add(std::move(found));
  }

 private:
  struct place {
    const flow_graph* flow;
    std::string prefix;
  };

  void look_at(const place& at, served_flow& found, std::vector<place>& open) {
    if (at.flow->fan_out) {
      for (const auto& body : at.flow->fan_out->bodies) {
        if (seen_.insert({body.get(), at.flow->fan_out->on}).second) {
          look_at(body, at.flow->fan_out->on);
        }
      }
      return;
    }
    for (const auto& node : at.flow->nodes) {
      if (node.inner) {
        open.push_back({node.inner.get(), at.prefix + node.name + "/"});
      } else if (!node.options.on.empty()) {
        found.nodes.emplace(at.prefix + node.name, &node);
        found.labels.insert(node.options.on);
      }
    }
  }

  void add(served_flow found) {
    const auto name = found.model->name;
    found.form = flow_form(*found.model);
    const auto [known, is_new] = into_.emplace(name, std::move(found));
    if (is_new) return;
    if (known->second.form != found.form) {
      throw error{errc::bad_flow,
                  "two different flows with the name '" + name +
                      "' cannot be served: " +
                      first_difference(known->second.form, found.form)};
    }
    known->second.is_body |= found.is_body;
    known->second.labels.merge(found.labels);
  }

  std::map<std::string, served_flow>& into_;
  std::set<std::pair<const flow_graph*, std::string>> seen_;
};

}  // namespace

std::map<std::string, served_flow> served_in(const std::vector<flow>& flows) {
  std::map<std::string, served_flow> all;
  survey looking{all};
  for (const auto& each : flows) looking.look_at(each.share(), {});
  if (all.empty()) {
    throw error{errc::bad_flow,
                "none of the flows to serve places work on workers: set the "
                "option `on` of a node or a batch"};
  }
  return all;
}

served_attempt::served_attempt(const graph_node& node, request asked)
    : output_(std::make_shared<std::optional<json>>()),
      work_(flow_of(node, std::move(asked), output_)) {}

json served_attempt::take_output() {
  assert(output_->has_value());
  return *std::exchange(*output_, std::nullopt);
}

}  // namespace troupe::detail
