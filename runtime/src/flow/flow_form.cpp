#include "troupe/detail/placed/flow_form.hpp"

#include "document/path.hpp"
#include "troupe/detail/node/served_exec.hpp"
#include "troupe/json_text.hpp"
#include "troupe/printable.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cxxabi.h>
#include <map>
#include <optional>
#include <vector>

namespace troupe::detail {

namespace {

std::string readable_name(const std::type_info& type) {
  if (type == typeid(no_value)) return "nothing";
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text{
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), std::free};
  return status == 0 ? text.get() : type.name();
}

// Numbers flows in the order in which they are met, however deep they nest.
class flow_list {
 public:
  std::size_t number_of(const flow_graph& flow) {
    const auto [known, is_new] = numbers_.emplace(&flow, all_.size());
    if (is_new) all_.push_back(&flow);
    return known->second;
  }
  const flow_graph* at(std::size_t number) const {
    return number < all_.size() ? all_[number] : nullptr;
  }

 private:
  std::map<const flow_graph*, std::size_t> numbers_;
  std::vector<const flow_graph*> all_;
};

json node_form(const graph_node& from, const flow_graph& within,
               flow_list& flows) {
  json form = json::object();
  if (from.inner) {
    form["flow"] = flows.number_of(*from.inner);
  } else if (from.model && from.model->has_exec()) {
    form["exec"] = from.model->facts().signature;
  }
  if (!from.options.on.empty()) form["on"] = from.options.on;
  for (const auto& edge : from.edges) {
    form["next"][std::string{edge.on.name()}] = within.nodes[edge.target].name;
  }
  return form;
}

json one_flow_form(const flow_graph& from, flow_list& flows) {
  json form = {{"name", from.name}};
  if (from.fan_out) {
    if (!from.fan_out->on.empty()) form["on"] = from.fan_out->on;
    form["bodies"] = json::array();
    for (const auto& body : from.fan_out->bodies) {
      form["bodies"].push_back(flows.number_of(*body));
    }
    return form;
  }
  form["start"] = from.nodes[from.start].name;
  form["nodes"] = json::object();
  for (const auto& node : from.nodes) {
    form["nodes"][node.name] = node_form(node, from, flows);
  }
  return form;
}

/// The two sides that differ at one place; null where there is nothing.
struct two_sides {
  const json* here;
  const json* there;
};

const json* member_of(const json& from, const std::string& key) {
  const auto known = from.find(key);
  return known == from.end() ? nullptr : &*known;
}

std::optional<two_sides> difference(const json* here, const json* there,
                                    std::string& path);

// Stops at the first one: what the other side sent may differ in a million
// places, or be very deep.
std::optional<two_sides> difference_at(const std::string& token,
                                       const json* here, const json* there,
                                       std::string& path) {
  const auto size = path.size();
  append_token(path, token);
  auto found = difference(here, there, path);
  if (!found) path.resize(size);
  return found;
}

std::optional<two_sides> difference(const json* here, const json* there,
                                    std::string& path) {
  if (here == nullptr || there == nullptr || here->type() != there->type() ||
      !here->is_structured()) {
    const bool is_same = here != nullptr && there != nullptr && *here == *there;
    return is_same ? std::nullopt : std::optional{two_sides{here, there}};
  }
  if (here->is_object()) {
    for (const auto& [key, each] : here->items()) {
      auto found = difference_at(key, &each, member_of(*there, key), path);
      if (found) return found;
    }
    for (const auto& [key, each] : there->items()) {
      if (!here->contains(key)) return difference_at(key, nullptr, &each, path);
    }
    return std::nullopt;
  }
  for (std::size_t i = 0; i < std::max(here->size(), there->size()); ++i) {
    auto found = difference_at(
        std::to_string(i), i < here->size() ? &(*here)[i] : nullptr,
        i < there->size() ? &(*there)[i] : nullptr, path);
    if (found) return found;
  }
  return std::nullopt;
}

}  // namespace

std::string signature_text(const std::type_info& input,
                           const std::type_info& result) {
  return readable_name(input) + " -> " + readable_name(result);
}

json flow_form(const flow_graph& from) {
  flow_list flows;
  flows.number_of(from);
  json form = {{"flows", json::array()}};
  for (std::size_t next = 0; const auto* flow = flows.at(next); ++next) {
    form["flows"].push_back(one_flow_form(*flow, flows));
  }
  return form;
}

std::string first_difference(const json& here, const json& there) {
  std::string path;
  const auto found = difference(&here, &there, path);
  if (!found) return {};
  // The other side may have sent anything.
  const auto shown = [](const json* side) {
    if (side == nullptr) return std::string{"nothing"};
    return printable(write_json(*side, bad_text::replaced), line_breaks::joined,
                     200);
  };
  return "at " + printable(path, line_breaks::joined, 400) + " there is " +
         shown(found->here) + " here and " + shown(found->there) + " there";
}

}  // namespace troupe::detail
