// Makes a store with runs of each kind, for tests of the program troupe:
//
//   make_store FILE         makes the store and ends
//   make_store FILE own     then owns it until its standard input ends
//   make_store FILE resume  goes on with all that can go on, and ends

#include <troupe/store.hpp>
#include <troupe/store/run_commands.hpp>
#include <troupe/troupe.hpp>

#include <chrono>
#include <exception>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using troupe::json;
using troupe::state;

struct adds {
  std::string key;
  void post(state& shared) const { shared.add(key, 1); }
};

/// Fails as long as the state says so.
struct fails {
  bool prep(const state& shared) const {
    return shared.get_or("broken", false);
  }
  bool exec(bool is_broken, troupe::context&) const {
    if (is_broken) {
      throw troupe::permanent_error{"the card \x1b[31m was declined"};
    }
    return true;
  }
  void post(state& shared, bool, bool) const { shared.set("paid", true); }
};

/// Fails for its item 1.
struct fails_for_one {
  void exec(troupe::context& ctx) const {
    if (ctx.params().at("i") == 1)
      throw troupe::permanent_error{"item 1 is bad"};
  }
};

/// Fails, and is tried again a long time later.
struct fails_for_now {
  void exec(troupe::context&) const { throw std::runtime_error{"not yet"}; }
};

troupe::flow order() {
  troupe::flow_builder builder{"order"};
  builder.add("open", adds{"opened"}) >> builder.add("pay", fails{}) >>
      builder.add("close", adds{"closed"});
  return builder.build();
}

troupe::flow batched() {
  troupe::flow_builder inner{"inner"};
  inner.add("look", adds{"looked"}) >> inner.add("work", fails_for_one{});
  const auto items = [](const state&) {
    return std::vector<json>{{{"i", 0}}, {{"i", 1}}, {{"i", 2}}};
  };
  troupe::flow_builder builder{"batched"};
  builder.add("before", adds{"begun"}) >>
      builder.add("many", troupe::batch("many", inner.build(), items));
  return builder.build();
}

troupe::flow waiting() {
  troupe::node_options patient;
  patient.retry.attempts = 3;
  patient.retry.wait = std::chrono::hours{1};
  troupe::flow_builder builder{"waiting"};
  builder.add("first", adds{"begun"}) >>
      builder.add("later", fails_for_now{}, patient);
  return builder.build();
}

troupe::run_options named(std::string id) {
  troupe::run_options made;
  made.id = std::move(id);
  return made;
}

/// Waits until an attempt of a run is stored as failed.
void await_attempt(troupe::store_reader& reader, const troupe::run& which,
                   const std::string& id) {
  for (bool is_there = false; !is_there;) {
    (void)which.wait_for(std::chrono::milliseconds{10});
    if (!reader.find(id)) continue;
    reader.entries(id, 0, 1'000, [&](const troupe::stored_entry& each) {
      is_there = each.entry.what == troupe::log_entry::kind::attempt;
      return !is_there;
    });
  }
}

void make(troupe::system& runtime, troupe::store_reader& reader,
          std::map<std::string, troupe::run>& open) {
  for (const auto* id : {"good-1", "good-2"}) {
    (void)runtime.start(order(), state{{"n", 1}}, named(id)).get();
  }
  (void)runtime.start(order(), state{{"broken", true}}, named("bad")).get();
  (void)runtime.start(batched(), state{}, named("bad-item")).get();
  const auto parked = runtime.start(waiting(), state{}, named("parked"));
  const auto live = runtime.start(waiting(), state{}, named("live"));
  await_attempt(reader, parked, "parked");
  await_attempt(reader, live, "live");
  open.emplace("live", live);
  open.emplace("parked", parked);
}

/// The part of the owner of a store.
void serve(troupe::run_store& store, troupe::store_reader& reader,
           std::map<std::string, troupe::run>& open) {
  store.on_request([&](const json& request) {
    troupe::command_scope scope;
    scope.store = &store;
    scope.reader = &reader;
    scope.live = [&](std::string_view verb, const std::string& id,
                     const json&) -> std::optional<json> {
      const auto found = open.find(id);
      if (found == open.end() || verb != "cancel") return std::nullopt;
      auto run = found->second;
      run.cancel();
      (void)run.get();
      return json{{"ok", true}, {"cancelled", {id}}};
    };
    return troupe::carry_out(scope, request);
  });
}

int run(const std::string& file, const std::string& mode) {
  troupe::system_options options;
  options.threads = 2;
  options.store = troupe::sqlite(file);
  options.flows = {order(), batched(), waiting()};
  const auto reader = options.store->reader();
  std::map<std::string, troupe::run> open;
  const auto store = options.store;
  troupe::system runtime{std::move(options)};
  if (mode == "resume") {
    for (const auto& each : runtime.resume_all()) {
      std::cout << each.id << ' ' << troupe::to_string(each.how);
      if (each.handle && each.flow == "order") {
        const auto end = each.handle->get();
        std::cout << ' ' << (end.ok() ? "finished" : "failed") << ' '
                  << end.state.root().dump();
      }
      std::cout << '\n';
    }
    return 0;
  }
  make(runtime, *reader, open);
  if (mode == "own") {
    serve(*store, *reader, open);
    std::cout << "ready" << std::endl;
    std::string line;
    while (std::getline(std::cin, line)) {
    }
    store->on_request(nullptr);
  }
  return 0;
}

}  // namespace

int main(int count, char** words) {
  if (count < 2) return 2;
  try {
    return run(words[1], count > 2 ? words[2] : "");
  } catch (const std::exception& why) {
    std::cerr << "make_store: " << why.what() << '\n';
    return 1;
  }
}
