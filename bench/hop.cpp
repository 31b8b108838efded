#include "cases.hpp"
#include "counting_flow.hpp"
#include "raw/raw_caf.hpp"

#include <any>
#include <string>
#include <unordered_map>
#include <utility>

namespace troupe::bench {

namespace {

/// A node of the loop that the floor is: what a program would have instead of
/// a runtime, with values of any type between the phases.
class plain_node {
 public:
  virtual ~plain_node() = default;

  virtual std::any prep(const state& shared) = 0;
  virtual std::any exec(const std::any& prepared) = 0;
  virtual std::string post(state& shared, const std::any& prepared,
                           const std::any& given) = 0;

  std::unordered_map<std::string, plain_node*> next;
};

class plain_count_one final : public plain_node {
 public:
  explicit plain_count_one(std::int64_t last) : last_(last) {}

  std::any prep(const state& shared) override {
    return shared.get<std::int64_t>("n");
  }
  std::any exec(const std::any& prepared) override {
    return std::any_cast<std::int64_t>(prepared) + 1;
  }
  std::string post(state& shared, const std::any&,
                   const std::any& given) override {
    const auto n = std::any_cast<std::int64_t>(given);
    shared.set("n", n);
    return n == last_ ? "stop" : "default";
  }

 private:
  std::int64_t last_;
};

double floor_ns(std::int64_t steps) {
  plain_count_one first{-1};
  plain_count_one second{steps};
  first.next["default"] = &second;
  second.next["default"] = &first;
  state shared{{"n", 0}};
  const double before = now_ns();
  for (plain_node* at = &first; at != nullptr;) {
    const auto prepared = at->prep(shared);
    const auto given = at->exec(prepared);
    const auto found = at->next.find(at->post(shared, prepared, given));
    at = found == at->next.end() ? nullptr : found->second;
  }
  return (now_ns() - before) / static_cast<double>(steps);
}

}  // namespace

report hop(const measuring& how, turns mode, std::int64_t steps) {
  const flow counting = counting_flow(2, steps);
  samples ours;
  samples floors;
  samples requests;
  for (std::size_t i = 0; i < how.repetitions; ++i) {
    floors.add(floor_ns(steps));
    {
      system on{{.threads = how.threads, .turns = mode}};
      ours.add(ns_per_step(on, counting, {}, steps));
    }
    requests.add(ns_per_request(how.threads, 2, 1, steps));
  }
  report found{"hop"};
  found.set("mode", mode == turns::in_place ? "default" : "message");
  found.set("threads", how.threads);
  found.set("steps", steps);
  found.set("repetitions", how.repetitions);
  found.set("ns_per_step", ours);
  found.set("caf_request_ns", requests);
  found.set("ratio", ours.median() / requests.median());
  found.set("floor_ns", floors);
  found.set("floor_ratio", ours.median() / floors.median());
  return found;
}

}  // namespace troupe::bench
