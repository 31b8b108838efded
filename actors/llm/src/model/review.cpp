#include <troupe/llm/review.hpp>

#include <array>
#include <memory>
#include <string_view>
#include <utility>

namespace troupe::llm {

void to_json(json& form, const verdict& from) {
  form = {{"good", from.good}, {"feedback", from.feedback}};
}

void from_json(const json& form, verdict& into) {
  form.at("good").get_to(into.good);
  form.at("feedback").get_to(into.feedback);
}

namespace {

constexpr std::string_view again_action = "again";
constexpr std::string_view accepted_action = "accepted";
constexpr std::string_view rejected_action = "rejected";

/// Sends the work on, back, or away.
struct judge_answer {
  static constexpr std::array<std::string_view, 3> actions{
      again_action, accepted_action, rejected_action};

  std::string prep(const state& shared) const {
    return shared.get<std::string>(place("answer"));
  }
  task<verdict> exec(std::string answer, context& ctx) const {
    auto judging = judge(answer, ctx);
    co_return co_await judging;
  }
  action post(state& shared, const std::string&, const verdict& given) const {
    shared.add(place("rounds"), 1);
    if (given.good) {
      shared.erase(place("feedback"));
      return accepted_action;
    }
    shared.set(place("feedback"), given.feedback);
    if (shared.get<std::size_t>(place("rounds")) >= options.rounds_max) {
      return rejected_action;
    }
    shared.set(place("task"), given.feedback);
    return again_action;
  }

  [[nodiscard]] std::string place(std::string_view member) const {
    return "/" + options.state_key + "/" + std::string{member};
  }

  reviewer judge;
  review_options options;
};

/// Ends the flow with an action of its own.
struct end_with {
  action post() const { return name; }

  action name;
};

}  // namespace

flow reviewed(std::string name, flow agent, reviewer judge,
              review_options options) {
  if (options.rounds_max < 1) {
    throw error{errc::bad_flow, "review_options.rounds_max must be at least 1"};
  }
  if (!judge) {
    throw error{errc::bad_flow,
                "a review needs a judge: the function is empty"};
  }
  const node_options reviewing = options.reviewing;
  flow_builder all{std::move(name)};
  // The rounds are those of this run, whatever the state has from before.
  const auto first =
      all.add("begin", [at = "/" + options.state_key +
                             "/rounds"](state& shared) { shared.set(at, 0); });
  const auto work = all.add("work", std::move(agent));
  const auto judged = all.add(
      "review", judge_answer{std::move(judge), std::move(options)}, reviewing);
  const auto accepted = all.add("accept", end_with{});
  const auto rejected = all.add("reject", end_with{action{rejected_action}});
  first >> work >> judged;
  (judged - action{again_action}) >> work;
  (judged - action{accepted_action}) >> accepted;
  (judged - action{rejected_action}) >> rejected;
  return all.build();
}

}  // namespace troupe::llm
