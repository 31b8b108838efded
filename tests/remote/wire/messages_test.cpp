#include "wire/messages.hpp"

#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/detail/node/flow_graph.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace troupe_test;
using troupe::errc;
using troupe::json;
using troupe::detail::work_id;
namespace wire = troupe::remote::wire;

namespace {

struct gives_one {
  int exec() const { return 1; }
  void post(troupe::state&, int) const {}
};

constexpr wire::lease some_lease{work_id{0x1234567890}, 7};
const wire::bytes some_bytes{0, 1, 0xff, 0x80};
const auto some_body = std::make_shared<const wire::bytes>(some_bytes);

/// One of every kind, in their order, with something in every field.
std::vector<wire::message> one_of_each() {
  std::vector<wire::message> all;
  wire::hello hello;
  hello.name = "w\xc3\xb6rker";
  hello.troupe = "0.4.0";
  hello.capacity = 64;
  hello.labels = {"gpu", "large"};
  hello.flows = {{"one", {{"flows", json::array({1, "2"})}}}, {"two", 2}};
  all.emplace_back(hello);
  all.emplace_back(wire::beat{{some_lease, {work_id{2}, 3}}, 77});
  all.emplace_back(wire::done{some_lease, some_body});
  all.emplace_back(wire::events{some_lease, {some_bytes, {}}, 5});
  all.emplace_back(wire::leave{});
  all.emplace_back(wire::invite{});
  all.emplace_back(wire::welcome{1234});
  all.emplace_back(wire::dismiss{"because", true});
  all.emplace_back(wire::give{some_lease, some_body, 99});
  all.emplace_back(wire::snapshot{98, some_body});
  all.emplace_back(wire::forget{97});
  all.emplace_back(wire::take_back{some_lease});
  all.emplace_back(wire::got{some_lease});
  all.emplace_back(wire::pulse{44});
  all.emplace_back(wire::ask_status{});
  all.emplace_back(wire::status{json::object({{"workers", json::array()}})});
  all.emplace_back(wire::call{96, "limit", "model", some_bytes});
  all.emplace_back(wire::end_call{95, json::object({{"used", 3}})});
  all.emplace_back(
      wire::answer{94, json::object({{"code", 1}}), some_bytes, true});
  all.emplace_back(wire::tune{"topic", true});
  all.emplace_back(wire::news{"topic", some_bytes, 93});
  all.emplace_back(wire::heard{92});
  all.emplace_back(wire::events_heard{6});
  return all;
}

/// All of them in one packet.
std::string in_one_packet(const std::vector<wire::message>& all) {
  std::string packet;
  for (const auto& each : all) packet += wire::encode(each);
  return packet;
}

template <class T>
T only(const std::vector<wire::message>& packet) {
  REQUIRE(packet.size() == 1);
  REQUIRE(std::holds_alternative<T>(packet.front()));
  return std::get<T>(packet.front());
}

/// Returns the message of this kind as it arrives at the other end.
template <class T>
T sent() {
  for (const auto& each : one_of_each()) {
    if (!std::holds_alternative<T>(each)) continue;
    return only<T>(wire::decode(wire::encode(each)));
  }
  FAIL("there is none");
  return {};
}

troupe::detail::placed_work some_work() {
  troupe::detail::placed_work made;
  made.label = "gpu";
  made.flow = one_node(gives_one{}, {.on = "gpu"}).share();
  made.node = "inner/only";
  made.origin = {"run-7", "outer/inner/only", 12, true};
  made.params = troupe::value{json::object({{"i", 3}})};
  made.seed = 0xfedcba9876543210;
  made.steps_max = 1000;
  made.retries_max = 7;
  made.events_max = 99;
  made.events = troupe::event_detail::steps;
  made.input = {{"text", "in"}, {"list", {1, -1, 2.5, nullptr, true}}};
  made.attempt = 2;
  made.item = 5;
  made.readable =
      std::make_shared<const troupe::state>(json::object({{"key", "seen"}}));
  return made;
}

troupe::detail::placed_result some_result() {
  troupe::detail::placed_result made;
  made.failure = troupe::error{errc::request_failed, "no"}.permanent();
  made.failure->retry_after(std::chrono::milliseconds{1500});
  made.was_cancelled = true;
  made.output = {{"text", "out"}};
  made.action = "again";
  troupe::state shared;
  shared.record();
  shared.set("a", 1);
  shared.append("list", "x");
  made.wrote = shared.take_delta();
  return made;
}

/// The same with a value more at the end of its list.
json longer(json row) {
  row.push_back(json::object({{"of", "a later version"}}));
  return row;
}

/// Bytes that were changed in a few places.
template <class T>
T spoilt(T from, std::minstd_rand& random) {
  const auto below = [&](std::size_t end) {
    return static_cast<std::size_t>(random()) % end;
  };
  const auto any_byte = [&] {
    return static_cast<typename T::value_type>(random() >> 8);
  };
  for (auto changes = 1 + below(4); changes > 0 && !from.empty(); --changes) {
    const auto at =
        from.begin() + static_cast<std::ptrdiff_t>(below(from.size()));
    switch (below(4)) {
      case 0:
        *at = any_byte();
        break;
      case 1:
        from.erase(at);
        break;
      case 2:
        from.insert(at, any_byte());
        break;
      default:
        from.erase(at, from.end());
    }
  }
  return from;
}

/// Returns whether a reader reads a message or throws an error of its own, and
/// no other.
template <class F>
bool is_read_or_refused(F read) {
  try {
    read();
    return true;
  } catch (const troupe::error& why) {
    return why.code() == errc::bad_value && !why.message().empty();
  }
}

}  // namespace

TEST_CASE("There is a message of each kind to test with", "[remote][wire]") {
  const auto all = one_of_each();
  REQUIRE(all.size() == std::variant_size_v<wire::message>);
  for (std::size_t i = 0; i < all.size(); ++i) CHECK(all[i].index() == i);
}

TEST_CASE("Messages come as they were sent, in their order", "[remote][wire]") {
  const auto packets = wire::encode(one_of_each());
  std::vector<wire::message> arrived;
  for (const auto& packet : packets) {
    for (auto& each : wire::decode(packet)) arrived.push_back(std::move(each));
  }
  REQUIRE(arrived.size() == one_of_each().size());
  for (std::size_t i = 0; i < arrived.size(); ++i) {
    CHECK(arrived[i].index() == i);
  }
  CHECK(wire::encode(arrived) == packets);
}

TEST_CASE("What is small shares a packet, and what is large has its own",
          "[remote][wire]") {
  CHECK(wire::encode(std::vector<wire::message>{}).empty());
  const std::vector<wire::message> small(10, wire::got{some_lease});
  CHECK(wire::encode(small).size() == 1);
  const auto large = std::make_shared<const wire::bytes>(10'000'000);
  const std::vector<wire::message> all{wire::done{some_lease, large},
                                       wire::done{some_lease, large},
                                       wire::leave{}};
  CHECK(wire::encode(all).size() == 3);
}

TEST_CASE("Every field of what workers say arrives", "[remote][wire]") {
  const auto hello = sent<wire::hello>();
  CHECK(hello.protocol == wire::protocol);
  CHECK(hello.name == "w\xc3\xb6rker");
  CHECK(hello.troupe == "0.4.0");
  CHECK(hello.capacity == 64);
  CHECK(hello.labels == std::set<std::string>{"gpu", "large"});
  CHECK(hello.flows.size() == 2);
  CHECK(hello.flows.at("one").at("flows") == json::array({1, "2"}));
  CHECK(hello.flows.at("two") == 2);
  CHECK(sent<wire::beat>().held ==
        std::vector<wire::lease>{some_lease, {work_id{2}, 3}});
  CHECK(sent<wire::beat>().as_of == 77);
  CHECK(sent<wire::done>().which == some_lease);
  CHECK(*sent<wire::done>().body == some_bytes);
  CHECK(sent<wire::events>().which == some_lease);
  CHECK(sent<wire::events>().all == std::vector<wire::bytes>{some_bytes, {}});
  CHECK(sent<wire::events>().dropped == 5);
  CHECK(sent<wire::events_heard>().count == 6);
  CHECK(sent<wire::pulse>().at == 44);
  CHECK(sent<wire::call>().number == 96);
  CHECK(sent<wire::call>().service == "limit");
  CHECK(sent<wire::call>().name == "model");
  CHECK(sent<wire::call>().body == some_bytes);
  CHECK(sent<wire::end_call>().number == 95);
  CHECK(sent<wire::end_call>().note == json::object({{"used", 3}}));
  CHECK(sent<wire::tune>().topic == "topic");
  CHECK(sent<wire::tune>().is_heard);
}

TEST_CASE("Every field of what supervisors say arrives", "[remote][wire]") {
  CHECK(sent<wire::welcome>().beat_ms == 1234);
  CHECK(sent<wire::dismiss>().why == "because");
  CHECK(sent<wire::dismiss>().is_final);
  CHECK(sent<wire::give>().which == some_lease);
  CHECK(*sent<wire::give>().body == some_bytes);
  CHECK(sent<wire::give>().snapshot == 99);
  CHECK(sent<wire::snapshot>().id == 98);
  CHECK(*sent<wire::snapshot>().body == some_bytes);
  CHECK(sent<wire::forget>().id == 97);
  CHECK(sent<wire::take_back>().which == some_lease);
  CHECK(sent<wire::got>().which == some_lease);
  CHECK(sent<wire::status>().report ==
        json::object({{"workers", json::array()}}));
  CHECK(sent<wire::answer>().number == 94);
  CHECK(sent<wire::answer>().failure == json::object({{"code", 1}}));
  CHECK(sent<wire::answer>().body == some_bytes);
  CHECK(sent<wire::answer>().is_lent);
  CHECK(sent<wire::news>().topic == "topic");
  CHECK(sent<wire::news>().body == some_bytes);
  CHECK(sent<wire::news>().missed == 93);
  CHECK(sent<wire::heard>().count == 92);
}

TEST_CASE("Fields of a later version are passed over", "[remote][wire]") {
  for (const auto& each : one_of_each()) {
    const auto packet = wire::encode(each);
    std::string later;
    json::to_cbor(longer(json::from_cbor(packet)), later);
    const auto arrived = wire::decode(later + packet);
    REQUIRE(arrived.size() == 2);
    CHECK(wire::encode(arrived.front()) == packet);
    CHECK(wire::encode(arrived.back()) == packet);
  }
  const auto work = wire::encode(some_work());
  CHECK(wire::decode_work(json::to_cbor(longer(json::from_cbor(work)))).node ==
        "inner/only");
  const auto result = wire::encode(some_result());
  CHECK(wire::encode(wire::decode_result(
            json::to_cbor(longer(json::from_cbor(result))))) == result);
}

TEST_CASE("A hello of another protocol is read as far as its version",
          "[remote][wire]") {
  std::string packet;
  json::to_cbor(json::array({0, wire::protocol + 1, json::object(), false}),
                packet);
  CHECK(only<wire::hello>(wire::decode(packet)).protocol == wire::protocol + 1);
}

TEST_CASE("A piece of work comes as it was sent", "[remote][wire]") {
  const auto work = some_work();
  const auto made = wire::decode_work(wire::encode(work));
  CHECK(made.flow == "small");
  CHECK(made.node == work.node);
  CHECK(made.origin.run_id == work.origin.run_id);
  CHECK(made.origin.node_path == work.origin.node_path);
  CHECK(made.origin.step == work.origin.step);
  CHECK(made.origin.is_durable);
  CHECK(made.params.to_json() == work.params.to_json());
  CHECK(made.seed == work.seed);
  CHECK(made.steps_max == work.steps_max);
  CHECK(made.events == work.events);
  CHECK(made.input == work.input);
  CHECK(made.attempt == work.attempt);
  CHECK(made.item == work.item);
  CHECK(made.readable == json::object({{"key", "seen"}}));
}

TEST_CASE("A sub-flow travels without what it may read", "[remote][wire]") {
  auto work = some_work();
  work.node.clear();
  work.item.reset();
  const auto made = wire::decode_work(wire::encode(work));
  CHECK(made.node.empty());
  CHECK_FALSE(made.item.has_value());
  CHECK(made.readable.is_null());
}

TEST_CASE("A result comes as it was sent", "[remote][wire]") {
  const auto result = some_result();
  const auto made = wire::decode_result(wire::encode(result));
  CHECK(made.was_cancelled);
  REQUIRE(made.failure);
  CHECK(made.failure->code() == errc::request_failed);
  CHECK(made.failure->message() == "no");
  CHECK(made.failure->is_permanent());
  CHECK(made.failure->retry_after() == result.failure->retry_after());
  CHECK(made.output == result.output);
  CHECK(made.action == result.action);
  CHECK(made.wrote.to_json() == result.wrote.to_json());

  const auto nothing =
      wire::decode_result(wire::encode(troupe::detail::placed_result{}));
  CHECK_FALSE(nothing.was_cancelled);
  CHECK_FALSE(nothing.failure);
  CHECK(nothing.output.is_null());
  CHECK(nothing.action.is_default());
}

TEST_CASE("A state and a value come as they were sent", "[remote][wire]") {
  const troupe::state shared{
      json::object({{"a", {1, 2.5, "x"}}, {"b", nullptr}})};
  CHECK(wire::decode_state(wire::encode(shared)).to_json() == shared.to_json());
  const json value = json::object({{"deep", json::array({-1, false})}});
  CHECK(wire::decode_json(wire::encode_json(value)) == value);
}

TEST_CASE("What was changed on its way is read or refused", "[remote][wire]") {
  constexpr unsigned seed = 4711;
  constexpr int rounds = 20'000;
  CAPTURE(seed);
  std::minstd_rand random{seed};
  const auto packet = in_one_packet(one_of_each());
  std::vector<std::string> alone;
  for (const auto& each : one_of_each()) alone.push_back(wire::encode(each));
  const auto work = wire::encode(some_work());
  const auto result = wire::encode(some_result());
  const auto shared = wire::encode(
      troupe::state{json::object({{"a", {1, 2.5, "x"}}, {"b", nullptr}})});
  int failed = 0;
  const auto look = [&](auto read) {
    if (!is_read_or_refused(read)) ++failed;
  };
  for (int i = 0; i < rounds; ++i) {
    const auto one = static_cast<std::size_t>(i) % alone.size();
    look([&] { static_cast<void>(wire::decode(spoilt(alone[one], random))); });
    look([&] { static_cast<void>(wire::decode(spoilt(packet, random))); });
    look([&] { static_cast<void>(wire::decode_work(spoilt(work, random))); });
    look([&] {
      static_cast<void>(wire::decode_result(spoilt(result, random)));
    });
    look(
        [&] { static_cast<void>(wire::decode_state(spoilt(shared, random))); });
    look([&] { static_cast<void>(wire::decode_json(spoilt(shared, random))); });
  }
  CHECK(failed == 0);
}

TEST_CASE("What cannot be a message is refused", "[remote][wire]") {
  std::string text;
  const auto refuse = [&](const std::string& packet) {
    return code_of([&] { static_cast<void>(wire::decode(packet)); }, &text);
  };
  CHECK(refuse(std::string(100'000, '\x81')) == errc::bad_value);
  CHECK_THAT(text, Catch::Matchers::Contains("not a packet"));
  std::string unknown;
  json::to_cbor(json::array({4711}), unknown);
  CHECK(refuse(unknown) == errc::bad_value);
  CHECK_THAT(text, Catch::Matchers::Contains("4711"));
}
