#include "support/catch.hpp"
#include "support/flows/lone_step.hpp"

#include <troupe/detail/fiber/held_permits.hpp>

#include <memory>
#include <vector>

using troupe::context;
using troupe::detail::held_permits;
using troupe::detail::permit_mark;
using troupe::detail::permits_in;
using troupe::detail::tokens_in;
using troupe_test::lone_step;

namespace {

const int lender_one = 0;
const int lender_two = 0;

}  // namespace

TEST_CASE("Permits are known where they are held, and below",
          "[held_permits]") {
  const auto outer_permit = std::make_shared<int>();
  const auto inner_permit = std::make_shared<int>();
  held_permits outer;
  held_permits inner;
  inner.above = &outer;
  outer.add(&lender_one, outer_permit, 3);
  inner.add(&lender_two, inner_permit);

  CHECK(permits_in(nullptr).empty());
  CHECK(permits_in(&outer) == std::vector<std::shared_ptr<void>>{outer_permit});
  CHECK(permits_in(&inner) ==
        std::vector<std::shared_ptr<void>>{inner_permit, outer_permit});
  const auto tokens = tokens_in(&inner);
  REQUIRE(tokens.size() == 2);
  CHECK(tokens[0].lender == &lender_two);
  CHECK(tokens[0].count == 1);
  CHECK(tokens[1].lender == &lender_one);
  CHECK(tokens[1].count == 3);
  CHECK(tokens[1].permit.lock() == outer_permit);
  CHECK(tokens[1].holder.empty());
  CHECK_FALSE(tokens[1].may_be_elsewhere());
}

TEST_CASE("Permits that went back are forgotten", "[held_permits]") {
  held_permits mine;
  auto gone = std::make_shared<int>();
  const auto kept = std::make_shared<int>();
  mine.add(&lender_one, gone);
  gone.reset();
  CHECK(tokens_in(&mine).empty());
  CHECK(permits_in(&mine).empty());
  mine.add(&lender_one, kept);
  CHECK(mine.entries.size() == 1);
  CHECK(tokens_in(&mine).size() == 1);
}

TEST_CASE("A lender that looks for no rings is in no token", "[held_permits]") {
  held_permits mine;
  const auto permit = std::make_shared<int>();
  mine.add(nullptr, permit);
  CHECK(tokens_in(&mine).empty());
  CHECK(permits_in(&mine).size() == 1);
}

TEST_CASE("Tokens end at a wait that ends by itself", "[held_permits]") {
  held_permits outer;
  held_permits limited;
  held_permits inner;
  limited.above = &outer;
  limited.ends_by_itself = true;
  inner.above = &limited;
  const auto permit = std::make_shared<int>();
  outer.add(&lender_one, permit);
  limited.add(&lender_one, permit);
  inner.add(&lender_one, permit);
  CHECK(tokens_in(&inner).size() == 1);
  CHECK(tokens_in(&limited).empty());
  CHECK(permits_in(&inner).size() == 3);
}

TEST_CASE("A permit that was moved may be elsewhere", "[held_permits]") {
  held_permits mine;
  const auto permit = std::make_shared<permit_mark>(nullptr);
  mine.add(&lender_one, permit, 2);
  CHECK_FALSE(tokens_in(&mine).front().may_be_elsewhere());
  permit->was_moved = true;
  CHECK(tokens_in(&mine).front().may_be_elsewhere());
  CHECK(tokens_in(&mine).front().count == 2);
}

TEST_CASE("The nearest step is told as the holder", "[held_permits]") {
  const auto permit = std::make_shared<int>();
  const auto look = [&](context& ctx) {
    held_permits step;
    step.holder = &ctx.host();
    held_permits mine;
    mine.above = &step;
    mine.add(&lender_one, permit);
    return tokens_in(&mine).front().holder == "node" ? 1 : 0;
  };
  int found = 0;
  lone_step step{[&](troupe::state&, context& ctx) { found = look(ctx); }};
  CHECK(step.begin() == lone_step::status::done);
  CHECK(found == 1);
}
