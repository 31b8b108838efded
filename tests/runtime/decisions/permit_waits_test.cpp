#include "support/catch.hpp"

#include <troupe/detail/fiber/permit_waits.hpp>

#include <rapidcheck.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

using troupe::detail::held_token;
using troupe::detail::permit_wait;
using troupe::detail::waits_without_end;

namespace {

using positions = std::vector<std::size_t>;

/// Lenders of permits, named by their addresses.
struct lenders {
  int a = 0;
  int b = 0;
  int c = 0;
};

/// A permit that is out.
struct lent {
  std::shared_ptr<int> place = std::make_shared<int>();
  held_token token;

  explicit lent(const void* lender, std::uint32_t count = 1)
      : token{lender, place, count, "node"} {}
};

}  // namespace

TEST_CASE("Nobody who waits is none without end", "[permit_waits]") {
  CHECK(waits_without_end({}).empty());
}

TEST_CASE("Who holds all and wants one more waits without end",
          "[permit_waits]") {
  const lenders of;
  const lent mine{&of.a};
  const std::vector<permit_wait> waits{{&of.a, 1, 1, {mine.token}}};
  CHECK(waits_without_end(waits) == positions{0});
}

TEST_CASE("Who holds a permit of another lender waits for that of this one",
          "[permit_waits]") {
  const lenders of;
  const lent mine{&of.b};
  const std::vector<permit_wait> waits{{&of.a, 1, 1, {mine.token}}};
  CHECK(waits_without_end(waits).empty());
}

TEST_CASE("Two lenders in two orders are a ring", "[permit_waits]") {
  const lenders of;
  const lent one{&of.a};
  const lent two{&of.b};
  const std::vector<permit_wait> waits{{&of.b, 1, 1, {one.token}},
                                       {&of.a, 1, 1, {two.token}}};
  CHECK(waits_without_end(waits) == positions{0, 1});
}

TEST_CASE("A ring over three lenders leaves out who only waits for it",
          "[permit_waits]") {
  const lenders of;
  const lent one{&of.a};
  const lent two{&of.b};
  const lent three{&of.c};
  const int other = 0;
  const lent outside{&other};
  std::vector<permit_wait> waits{{&of.b, 1, 1, {one.token}},
                                 {&of.c, 1, 1, {two.token}},
                                 {&of.a, 1, 1, {three.token}}};
  CHECK(waits_without_end(waits) == positions{0, 1, 2});
  // With one permit more somewhere there is none.
  waits[1].permits = 2;
  CHECK(waits_without_end(waits).empty());
}

TEST_CASE("A permit that went back closes no ring", "[permit_waits]") {
  const lenders of;
  lent one{&of.a};
  const lent two{&of.b};
  const std::vector<permit_wait> waits{{&of.b, 1, 1, {one.token}},
                                       {&of.a, 1, 1, {two.token}}};
  one.place.reset();
  CHECK(waits_without_end(waits).empty());
}

TEST_CASE("A permit above two coroutines comes back when both have ended",
          "[permit_waits]") {
  const lenders of;
  const lent above{&of.a};
  const lent one{&of.b};
  // The first can end. The second wants what is held above it.
  std::vector<permit_wait> waits{{&of.c, 1, 1, {above.token}},
                                 {&of.a, 1, 1, {above.token, one.token}}};
  CHECK(waits_without_end(waits) == positions{1});
  waits[1].lender = &of.c;
  CHECK(waits_without_end(waits).empty());
}

TEST_CASE("Who wants few may end where who wants many may not",
          "[permit_waits]") {
  const lenders of;
  const lent one{&of.a};
  const lent two{&of.a};
  const std::vector<permit_wait> waits{{&of.a, 3, 2, {one.token}},
                                       {&of.a, 3, 1, {two.token}}};
  CHECK(waits_without_end(waits).empty());
  const std::vector<permit_wait> many{{&of.a, 3, 2, {one.token}},
                                      {&of.a, 3, 2, {two.token}}};
  CHECK(waits_without_end(many) == positions{0, 1});
}

TEST_CASE("What is found is what one finds by trying", "[permit_waits]") {
  CHECK(rc::check([] {
    const auto count = *rc::gen::inRange<std::size_t>(1, 4);
    const std::vector<int> names(count);
    const auto sizes = *rc::gen::container<std::vector<std::uint32_t>>(
        count, rc::gen::inRange<std::uint32_t>(1, 4));
    std::vector<std::uint32_t> free = sizes;
    std::vector<lent> out;
    std::vector<permit_wait> waits(*rc::gen::inRange<std::size_t>(0, 7));
    for (auto& each : waits) {
      const auto wanted = *rc::gen::inRange<std::size_t>(0, count);
      each.lender = &names[wanted];
      each.permits = sizes[wanted];
      each.count = *rc::gen::inRange<std::uint32_t>(1, sizes[wanted] + 1);
      for (std::size_t i = 0; i < count; ++i) {
        if (free[i] == 0 || *rc::gen::inRange(0, 2) == 0) continue;
        --free[i];
        out.emplace_back(&names[i]);
        each.holds.push_back(out.back().token);
      }
    }
    positions expected;
    for (std::size_t i = 0; i < waits.size(); ++i) expected.push_back(i);
    const auto ends = [&](std::size_t index) {
      std::uint32_t held = 0;
      for (const auto other : expected) {
        for (const auto& token : waits[other].holds) {
          if (token.lender == waits[index].lender) ++held;
        }
      }
      return held + waits[index].count <= waits[index].permits;
    };
    for (auto at = expected.begin(); at != expected.end();) {
      at = ends(*at) ? (expected.erase(at), expected.begin()) : at + 1;
    }
    RC_ASSERT(waits_without_end(waits) == expected);
  }));
}
