// The effect of the failure of one sub-flow on a batch is a choice. Here two of
// five sub-flows fail, one after the other, under each policy.

#include <troupe/troupe.hpp>

#include <iostream>
#include <optional>
#include <stdexcept>
#include <vector>

struct work {
  int prep(const troupe::context& ctx) const { return ctx.params().at("i"); }
  int exec(int i) const {
    if (i == 1 || i == 3) throw std::runtime_error("odd");
    return i;
  }
  void post(troupe::state& shared, int /*i*/, int done) const {
    shared.append("done", done);
  }
};

// region: generator
// Items may come one by one, each when there is room for its sub-flow.
auto five_items(const troupe::state&) {
  return [i = 0]() mutable -> std::optional<troupe::value> {
    if (i == 5) return std::nullopt;
    return troupe::value::object({{"i", i++}});
  };
}
// endregion

int main() {
  troupe::flow_builder one{"one"};
  one.add("work", work{});
  const auto body = one.build();

  troupe::system runtime;
  const auto run = [&](const char* name, troupe::failure_policy policy) {
    const auto all =
        troupe::batch("all", body, five_items, {.on_failure = policy});
    const auto end = runtime.start(all).get();
    std::cout << name << ": "
              << (end.ok() ? "ok" : to_string(end.failure->code())) << ", done "
              << end.state.at("done") << "\n";
  };
  // region: policies
  run("fail_fast", troupe::fail_fast);
  run("collect", troupe::collect);
  run("tolerate(1)", troupe::tolerate(1));
  run("tolerate(2)", troupe::tolerate(2));
  run("tolerate_share(0.5)", troupe::tolerate_share(0.5));
  run("quorum(2)", troupe::quorum(2));
  run("quorum(4)", troupe::quorum(4));
  run("first_success", troupe::first_success);
  // endregion
}
