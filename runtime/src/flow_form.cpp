#include "troupe/detail/flow_form.hpp"

#include "troupe/detail/served_exec.hpp"
#include "troupe/json_text.hpp"
#include "troupe/printable.hpp"

#include <cstddef>
#include <cstdlib>
#include <cxxabi.h>
#include <map>
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
  std::size_t number_of(const flow_model& flow) {
    const auto [known, is_new] = numbers_.emplace(&flow, all_.size());
    if (is_new) all_.push_back(&flow);
    return known->second;
  }
  const flow_model* at(std::size_t number) const {
    return number < all_.size() ? all_[number] : nullptr;
  }

 private:
  std::map<const flow_model*, std::size_t> numbers_;
  std::vector<const flow_model*> all_;
};

json node_form(const graph_node& from, const flow_model& within,
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

json one_flow_form(const flow_model& from, flow_list& flows) {
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

}  // namespace

std::string signature_text(const std::type_info& input,
                           const std::type_info& result) {
  return readable_name(input) + " -> " + readable_name(result);
}

json flow_form(const flow_model& from) {
  flow_list flows;
  flows.number_of(from);
  json form = {{"flows", json::array()}};
  for (std::size_t next = 0; const auto* flow = flows.at(next); ++next) {
    form["flows"].push_back(one_flow_form(*flow, flows));
  }
  return form;
}

std::string first_difference(const json& here, const json& there) {
  const auto changes = json::diff(here, there);
  if (changes.empty()) return {};
  const auto place = changes.front().at("path").get<std::string>();
  const json::json_pointer at{place};
  // The other side may have sent anything.
  const auto shown = [&](const json& side) {
    return side.contains(at)
               ? printable(write_json(side.at(at), bad_text::replaced),
                           line_breaks::joined, 500)
               : std::string{"nothing"};
  };
  return "at " + printable(place, line_breaks::joined, 500) + " there is " +
         shown(here) + " here and " + shown(there) + " there";
}

}  // namespace troupe::detail
