#include "wire/news_outbox.hpp"

#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

using troupe::remote::news_outbox;
namespace wire = troupe::remote::wire;

namespace {

wire::shared_bytes of_size(std::size_t size) {
  return std::make_shared<wire::bytes>(size);
}

std::vector<wire::news> taken_from(news_outbox& box) {
  std::vector<wire::message> out;
  box.take(out);
  std::vector<wire::news> all;
  for (auto& each : out) all.push_back(std::get<wire::news>(std::move(each)));
  return all;
}

}  // namespace

TEST_CASE("No more news is on its way than may be", "[news]") {
  news_outbox box{1'000'000};
  for (int i = 0; i < 300; ++i) box.push("tea", of_size(1));
  CHECK(taken_from(box).size() == news_outbox::away_max);
  CHECK(taken_from(box).empty());
  box.confirm(10);
  CHECK(taken_from(box).size() == 10);
  box.confirm(10'000);
  CHECK(taken_from(box).size() == 34);
}

TEST_CASE("The oldest news that waits gives way and is told of", "[news]") {
  news_outbox box{1'000'000};
  for (std::size_t i = 0; i < news_outbox::waiting_max; ++i) {
    box.push("tea", of_size(i));
  }
  box.push("milk", of_size(7));
  box.push("tea", of_size(8), 2);
  const auto sent = taken_from(box);
  REQUIRE(sent.size() == news_outbox::away_max);
  // Two gave way here, and two before it came here.
  CHECK(sent[0].body.size() == 2);
  CHECK(sent[0].missed == 4);
  CHECK(sent[1].missed == 0);
}

TEST_CASE("News is bounded by its bytes as well", "[news]") {
  news_outbox box{100};
  for (int i = 0; i < 5; ++i) box.push("tea", of_size(40));
  auto sent = taken_from(box);
  REQUIRE(sent.size() == 2);
  CHECK(sent[0].missed == 3);
  box.push("tea", of_size(100));
  CHECK(taken_from(box).empty());
  box.confirm(2);
  CHECK(taken_from(box).size() == 1);
}

TEST_CASE("Who hears a topic anew is told nothing of the time before",
          "[news]") {
  news_outbox box{100};
  for (int i = 0; i < 5; ++i) box.push("tea", of_size(30));
  box.push("milk", of_size(40));
  box.forget("tea");
  box.push("tea", of_size(60));
  const auto sent = taken_from(box);
  REQUIRE(sent.size() == 2);
  CHECK(sent[0].topic == "milk");
  CHECK(sent[1].body.size() == 60);
  CHECK(sent[1].missed == 0);
}

TEST_CASE("What gave way is counted for a bounded number of topics", "[news]") {
  news_outbox box{1'000'000};
  const auto count = news_outbox::missed_topics_max + 1;
  for (std::size_t i = 0; i < count + news_outbox::waiting_max; ++i) {
    box.push(std::to_string(i), of_size(1));
  }
  // The first of them are known, the last is not.
  box.push("0", of_size(1));
  box.push(std::to_string(count - 1), of_size(1));
  std::uint64_t missed_first = 0;
  std::uint64_t missed_last = 0;
  for (auto sent = taken_from(box); !sent.empty(); sent = taken_from(box)) {
    for (const auto& each : sent) {
      if (each.topic == "0") missed_first += each.missed;
      if (each.topic == std::to_string(count - 1)) missed_last += each.missed;
    }
    box.confirm(sent.size());
  }
  CHECK(missed_first == 1);
  CHECK(missed_last == 0);
}

TEST_CASE("A new connection has no news of the old one", "[news]") {
  news_outbox box{100};
  for (int i = 0; i < 5; ++i) box.push("tea", of_size(40));
  static_cast<void>(taken_from(box));
  box.clear();
  CHECK(taken_from(box).empty());
  box.push("tea", of_size(90));
  const auto sent = taken_from(box);
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].missed == 0);
}
