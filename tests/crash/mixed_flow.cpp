#include "mixed_flow.hpp"

#include <troupe/troupe.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace crash {

namespace {

using troupe::action;
using troupe::context;
using troupe::json;
using troupe::state;

/// Adds one to a number of the state.
struct adds {
  effects_ptr notes;
  std::string key;

  void exec(context& ctx) const { notes->write("step", ctx.key()); }
  void post(state& shared) const { shared.add(key, 1); }
};

/// Says "again" until it has done so `times`.
struct loops {
  effects_ptr notes;
  std::int64_t times;

  void exec(context& ctx) const { notes->write("step", ctx.key()); }
  action post(state& shared) const {
    shared.add("loops", 1);
    shared.append("looped", shared.get<std::int64_t>("loops"));
    if (shared.get<std::int64_t>("loops") % times != 0) return "again";
    return {};
  }
};

/// Fails at its first two attempts, and keeps what prep gave at the first one.
struct flaky {
  effects_ptr notes;
  std::string key;

  std::int64_t prep(const state& shared) const {
    return shared.get_or<std::int64_t>(key, 0) + 1;
  }
  std::int64_t exec(std::int64_t next, context& ctx) const {
    notes->write("attempt", ctx.key());
    if (ctx.attempt() < 2)
      throw troupe::error{troupe::errc::node_threw, "not yet"};
    return next;
  }
  void post(state& shared, std::int64_t, std::int64_t next) const {
    shared.set(key, next);
  }
};

/// Fails always, so that its fallback is taken.
struct hopeless {
  effects_ptr notes;

  std::string exec(context& ctx) const {
    notes->write("attempt", ctx.key());
    throw troupe::error{troupe::errc::node_threw, "never"};
  }
  std::string fallback(const troupe::error& why) const { return why.message(); }
  void post(state& shared, const std::string& text) const {
    shared.set("fallback", text);
  }
};

/// A batch node.
struct squares {
  effects_ptr notes;

  std::vector<std::int64_t> prep(const state& shared) const {
    const auto n = shared.get<std::int64_t>("n");
    return {n, n + 1, n + 2, n + 3, n + 4, n + 5};
  }
  troupe::task<std::int64_t> exec(std::int64_t number, context& ctx) const {
    notes->write("item", ctx.key());
    if (number % 3 == 0 && ctx.attempt() == 0) {
      throw troupe::error{troupe::errc::node_threw, "not yet"};
    }
    troupe::sleep_for pause{std::chrono::milliseconds{1}};
    co_await pause;
    co_return number* number;
  }
  void post(state& shared, const std::vector<std::int64_t>&,
            const std::vector<std::int64_t>& results) const {
    std::int64_t sum = 0;
    for (const auto each : results) sum += each;
    shared.set("squares", sum);
  }
};

/// Starts a run whose id is made of the key of its step, and waits for it.
struct starts {
  effects_ptr notes;
  system_place where;

  troupe::task<std::int64_t> exec(const state& shared, context& ctx) const {
    auto id = ctx.key();
    std::replace(id.begin(), id.end(), '/', ':');
    std::replace(id.begin(), id.end(), '#', '-');
    notes->write("start", id);
    troupe::run_options options;
    options.id = std::move(id);
    state initial{{"n", shared.get<std::int64_t>("n")}};
    const auto child =
        (*where)->start(child_flow(notes), std::move(initial), options);
    const auto how = co_await child;
    if (!how.ok()) throw *how.failure;
    co_return how.state.get<std::int64_t>("done");
  }
  void post(state& shared, std::int64_t given) const {
    shared.add("children", given);
  }
};

/// Has two effects once, one of them over two attempts.
struct pays {
  effects_ptr notes;

  troupe::task<std::int64_t> exec(context& ctx) const {
    const auto first = ctx.key() + " pay";
    const auto pay = [to = notes, first] {
      to->write("effect", first);
      return std::int64_t{7};
    };
    auto paying = ctx.once("pay", pay);
    const auto paid = co_await paying;
    notes->write("known", first);
    if (ctx.attempt() == 0) {
      throw troupe::error{troupe::errc::node_threw, "not yet"};
    }
    const auto second = ctx.key() + " ship";
    const auto ship = [to = notes, second]() -> troupe::task<std::int64_t> {
      to->write("effect", second);
      troupe::sleep_for pause{std::chrono::milliseconds{1}};
      co_await pause;
      co_return 11;
    };
    auto shipping = ctx.once("ship", ship);
    const auto shipped = co_await shipping;
    notes->write("known", second);
    co_return paid + shipped;
  }
  void post(state& shared, std::int64_t given) const {
    shared.add("paid", given);
  }
};

struct dies {
  effects_ptr notes;

  void exec(context& ctx) const {
    notes->write("step", ctx.key());
    std::raise(SIGSEGV);
  }
};

troupe::retry_options often() {
  troupe::retry_options made;
  made.attempts = 4;
  made.wait = std::chrono::milliseconds{3};
  return made;
}

troupe::flow item_flow(const effects_ptr& notes, const std::string& name) {
  troupe::flow_builder made{name};
  made.add("first", adds{notes, name + "_first"}) >>
      made.add("flaky", flaky{notes, name + "_own"}, {.retry = often()}) >>
      made.add("pays", pays{notes}, {.retry = often()}) >>
      made.add("last", adds{notes, name + "_last"});
  return made.build();
}

action count_outcomes(state& shared,
                      const std::vector<troupe::branch_outcome>& all) {
  for (const auto& each : all) {
    using kind = troupe::branch_outcome::kind;
    shared.add(each.how == kind::finished ? "outcomes" : "failures", 1);
  }
  return {};
}

troupe::fan_out_options fan_out(std::size_t width, std::string local) {
  troupe::fan_out_options made;
  made.concurrency = width;
  made.on_failure = troupe::collect;
  made.local = {std::move(local)};
  made.post = [](state& shared, const std::vector<troupe::branch_outcome>& all,
                 context&) { return count_outcomes(shared, all); };
  return made;
}

}  // namespace

troupe::flow child_flow(const effects_ptr& notes) {
  troupe::flow_builder made{"child"};
  const auto first = made.add("one", adds{notes, "done"});
  first >> made.add("two", adds{notes, "done"}) >>
      made.add("three", flaky{notes, "flaky"}, {.retry = often()});
  return made.build();
}

troupe::flow poisoned_flow(const effects_ptr& notes) {
  troupe::flow_builder made{"poisoned"};
  made.add("one", adds{notes, "done"}) >>
      made.add("two", adds{notes, "done"}) >> made.add("three", dies{notes});
  return made.build();
}

troupe::flow mixed_flow(const effects_ptr& notes, const system_place& where) {
  const auto listed = [](const state& shared) {
    std::vector<json> items;
    const auto n = shared.get<std::int64_t>("n");
    for (std::int64_t i = 0; i < 4 + n % 3; ++i) items.push_back({{"i", i}});
    return items;
  };
  const auto generated = [](const state& shared) {
    return [next = std::int64_t{0},
            end = 5 + shared.get<std::int64_t>("n") %
                          2]() mutable -> std::optional<troupe::value> {
      if (next == end) return std::nullopt;
      return troupe::value{json{{"i", next++}}};
    };
  };
  troupe::flow_builder nested{"nested"};
  nested.add("before", adds{notes, "nested"}) >>
      nested.add("inner", troupe::batch("inner", item_flow(notes, "inner"),
                                        listed, fan_out(2, "inner_own"))) >>
      nested.add("after", adds{notes, "nested"});
  troupe::flow_builder made{"mixed"};
  const auto loop = made.add("loop", loops{notes, 4});
  const auto list =
      made.add("list", troupe::batch("list", item_flow(notes, "list"), listed,
                                     fan_out(3, "list_own")));
  const auto generator = made.add(
      "generator", troupe::batch("generator", item_flow(notes, "generator"),
                                 generated, fan_out(2, "generator_own")));
  const auto squared =
      made.add("squares", troupe::each(squares{notes}, {.concurrency = 2}),
               {.retry = often()});
  const auto join = made.add(
      "join", troupe::fork(
                  "join", {item_flow(notes, "left"), item_flow(notes, "right")},
                  fan_out(2, "join_own")));
  const auto again = made.add("again", nested.build());
  const auto fallback =
      made.add("fallback", hopeless{notes}, {.retry = often()});
  const auto child = made.add("child", starts{notes, where});
  const auto end = made.add("end", loops{notes, 3});
  (loop - "again") >> loop;
  loop >> list >> generator >> squared >> join >> again >> fallback >> child >>
      end;
  (end - "again") >> end;
  return made.build();
}

}  // namespace crash
