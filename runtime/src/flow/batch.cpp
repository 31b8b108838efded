#include "troupe/batch.hpp"

#include "document/tree.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace troupe {

namespace detail {

value checked_item(value item) {
  if (!item.is_object()) {
    throw error{errc::bad_items, "an item must be an object of params, got " +
                                     std::string{item.type_name()}};
  }
  return item;
}

item_source source_from_json(const value& list) {
  if (!list.is_null() && !list.is_array()) {
    throw error{errc::bad_items, "the items must be an array of objects, got " +
                                     std::string{list.type_name()}};
  }
  return [list, next = std::size_t{0}]() mutable -> std::optional<value> {
    if (next >= list.size()) return std::nullopt;
    return checked_item(list.at(next++));
  };
}

item_source source_of_values(std::vector<value> list, item_source rest) {
  return [list = std::move(list), rest = std::move(rest),
          next = std::size_t{0}]() mutable -> std::optional<value> {
    if (next < list.size()) return std::exchange(list[next++], value{});
    if (rest) return rest();
    return std::nullopt;
  };
}

// As deep as the stack is sure to allow. What is deeper takes its chance.
void dismantle(json& form) noexcept {
  constexpr int depth_max = 512;
  static thread_local int depth = 0;
  if (!form.is_structured() || depth == depth_max) return;
  ++depth;
  for (auto& each : form) dismantle(each);
  --depth;
  form.clear();
}

namespace {

// The params of a batch mostly have the same keys, and all of a large window
// are alive at once.
item_source with_shared_keys(item_source items) {
  return [items = std::move(items),
          last = value{}]() mutable -> std::optional<value> {
    auto item = items();
    if (item) {
      tree::share_keys(*item, last);
      last = *item;
    }
    return item;
  };
}

}  // namespace

void apply(fan_out_spec& model, fan_out_options options) {
  model.is_sequence = options.concurrency == sequence;
  model.concurrency = model.is_sequence ? 1 : options.concurrency;
  model.on_failure = options.on_failure;
  model.on_conflict = options.on_conflict;
  model.local = std::move(options.local);
  model.on = std::move(options.on);
  model.post = std::move(options.post).take();
}

flow make_fan_out(std::string name, fan_out_spec model) {
  const auto refuse = [&](const std::string& what) {
    throw error{errc::bad_flow, "fan-out '" + name + "': " + what};
  };
  if (name.empty()) refuse("it has no name");
  if (model.bodies.empty()) refuse("it has no branches");
  if (model.concurrency < 1 || model.concurrency > concurrency_max) {
    refuse("concurrency must be from 1 to " + std::to_string(concurrency_max) +
           ", got " + std::to_string(model.concurrency));
  }
  const double share = model.on_failure.share();
  if (!(share >= 0 && share <= 1)) {
    refuse("the tolerated share must be from 0 to 1, got " +
           std::to_string(share));
  }
  if (model.on_failure.which() == failure_policy::kind::quorum &&
      model.on_failure.count() == 0) {
    refuse("a quorum must be at least 1");
  }
  if (model.items) {
    model.items = [items = std::move(model.items)](const state& shared,
                                                   context& ctx) {
      return with_shared_keys(items(shared, ctx));
    };
  }
  auto made = std::make_shared<flow_graph>();
  made->name = std::move(name);
  made->fan_out = std::move(model);
  return flow{std::move(made)};
}

}  // namespace detail

flow fork(std::string name, std::vector<flow> branches,
          fan_out_options options) {
  detail::fan_out_spec model;
  for (const auto& branch : branches) model.bodies.push_back(branch.share());
  options.concurrency = std::max<std::size_t>(branches.size(), 1);
  detail::apply(model, std::move(options));
  return detail::make_fan_out(std::move(name), std::move(model));
}

}  // namespace troupe
