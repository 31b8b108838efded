#include "replay/recorded_case.hpp"

#include <algorithm>
#include <exception>
#include <fstream>
#include <stdexcept>

namespace troupe::replay {

namespace {

template <class T>
T one_of(const json& word, const std::vector<std::pair<std::string, T>>& all) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& one) {
    return word == one.first;
  });
  if (found == all.end()) {
    throw std::runtime_error{"unknown word " + word.dump()};
  }
  return found->second;
}

std::string read_action(const json& name) {
  if (name.is_null() || name == "") return "default";
  return name.get<std::string>();
}

void read_prep(const json& from, element& into) {
  if (from.contains("read")) {
    into.from = element::source::read;
    into.from_name = from.at("read").get<std::string>();
  } else if (from.contains("param")) {
    into.from = element::source::param;
    into.from_name = from.at("param").get<std::string>();
  } else if (from.contains("items")) {
    into.from = element::source::items;
    into.items = from.at("items").get<std::vector<std::int64_t>>();
  } else {
    into.constant = from.at("const").get<std::int64_t>();
  }
}

void read_exec(const json& from, element& into) {
  using arithmetic = element::arithmetic;
  into.op = one_of<arithmetic>(from.at("op"), {{"add", arithmetic::add},
                                               {"sub", arithmetic::sub},
                                               {"mul", arithmetic::mul}});
  into.by = from.at("by").get<std::int64_t>();
  into.fail_first = from.at("fail_first").get<std::uint32_t>();
  into.fail_always = from.at("fail_always").get<bool>();
}

void read_post(const json& from, element& into) {
  using writing = element::writing;
  into.write =
      one_of<writing>(from.at("op"), {{"set", writing::set},
                                      {"add", writing::add},
                                      {"append_log", writing::append_log},
                                      {"put", writing::put}});
  into.key = from.at("key").get<std::string>();
  if (into.write == writing::put) into.put_at = from.at("at");
  for (const auto& name : from.at("actions")) {
    into.actions.push_back(read_action(name));
  }
  if (into.actions.empty()) throw std::runtime_error{"no actions"};
}

element read_element(const json& from) {
  using kind = element::kind;
  element made;
  made.id = from.at("id").get<std::string>();
  made.what = one_of<kind>(from.at("kind"), {{"node", kind::node},
                                             {"batch_node", kind::batch_node},
                                             {"flow", kind::flow},
                                             {"batch_flow", kind::batch_flow}});
  if (made.what == kind::batch_node || made.what == kind::batch_flow) {
    made.is_parallel = one_of<bool>(from.at("mode"),
                                    {{"sequence", false}, {"parallel", true}});
  }
  if (made.what == kind::flow || made.what == kind::batch_flow) {
    made.start = from.at("start").get<std::string>();
    if (made.what == kind::batch_flow) {
      made.item_params = from.at("items").get<std::vector<json>>();
    }
    return made;
  }
  made.is_async = from.at("async").get<bool>();
  made.attempts = from.at("attempts").get<std::uint32_t>();
  read_prep(from.at("prep"), made);
  read_exec(from.at("exec"), made);
  if (!from.at("fallback").is_null()) {
    made.fallback_gives = from.at("fallback").at("give").get<std::int64_t>();
  }
  read_post(from.at("post"), made);
  return made;
}

void read_edges(const json& from, recorded_case& into) {
  for (const auto& edge : from) {
    auto& known = into.successors[edge.at(0).get<std::string>()];
    const auto on = read_action(edge.at(1));
    const auto target = edge.at(2).get<std::string>();
    const auto found =
        std::find_if(known.begin(), known.end(),
                     [&](const auto& each) { return each.first == on; });
    if (found == known.end()) {
      known.emplace_back(on, target);
    } else {
      found->second = target;
      ++into.overwritten_edges;
    }
  }
}

void read_expectation(const json& from, recorded_case& into) {
  auto& expected = into.expected;
  expected.ok =
      one_of<bool>(from.at("outcome"), {{"ok", true}, {"error", false}});
  if (!from.at("error").is_null()) expected.error = from.at("error");
  expected.action = read_action(from.at("action"));
  if (!from.at("shared").is_null()) expected.shared = from.at("shared");
  if (!from.at("trace").is_null()) {
    expected.trace = from.at("trace").get<std::vector<json>>();
  }
  if (!from.at("missing_edges").is_null()) {
    expected.missing_edges = from.at("missing_edges").get<std::size_t>();
  }
  into.overwritten_edges_expected =
      from.at("overwritten_edges").get<std::size_t>();
  into.is_unordered = from.value("trace_order", "") == "per_sub_flow";
}

recorded_case read_case(const json& from) {
  recorded_case made;
  made.name = from.at("name").get<std::string>();
  made.shared = from.at("shared");
  made.params = from.at("params");
  made.root = from.at("root").get<std::string>();
  made.step_budget = from.at("step_budget").get<std::uint64_t>();
  for (const auto& each : from.at("elements")) {
    auto one = read_element(each);
    auto id = one.id;
    made.elements.emplace(std::move(id), std::move(one));
  }
  read_edges(from.at("edges"), made);
  read_expectation(from.at("expect"), made);
  return made;
}

}  // namespace

std::int64_t wrapped(std::int64_t number) noexcept {
  if (number <= wrap_limit && number >= -wrap_limit) return number;
  constexpr std::int64_t round = 2 * wrap_limit;
  const std::int64_t rest = (number + wrap_limit) % round;
  return (rest < 0 ? rest + round : rest) - wrap_limit;
}

std::vector<recorded_case> read_cases(const std::string& file) {
  std::ifstream in{file};
  if (!in) throw std::runtime_error{file + ": cannot be opened"};
  try {
    std::vector<recorded_case> all;
    for (const auto& each : json::parse(in)) all.push_back(read_case(each));
    return all;
  } catch (const std::exception& why) {
    throw std::runtime_error{file + ": not a list of cases: " + why.what()};
  }
}

}  // namespace troupe::replay
