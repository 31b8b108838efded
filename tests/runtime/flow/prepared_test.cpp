// The result of prep, stored and restored.

#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/flows/lone_step.hpp"

#include <troupe/node.hpp>

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <vector>

using troupe::context;
using troupe::errc;
using troupe::state;
using troupe_test::code_of;
using troupe_test::lone_step;
using status = lone_step::status;

namespace {

struct fails_first {
  std::vector<int> prep(const state&) const { return {1, 2, 3}; }
  std::size_t exec(const std::vector<int>& items, context& ctx) const {
    if (ctx.attempt() == 0) throw std::runtime_error("busy");
    return items.size();
  }
  void post(state& shared, const std::vector<int>&, std::size_t count) const {
    shared.set("count", count);
  }
};

struct prepares_views {
  std::vector<std::string_view> prep(const state&) const { return {"a", "b"}; }
  int exec(std::vector<std::string_view>) const {
    throw std::runtime_error("busy");
  }
};

/// Hands on what has no JSON form, and cannot even be copied.
// region: local-only
struct opens_locally {
  using handle = std::unique_ptr<int>;

  troupe::local_only<std::shared_ptr<int>> prep() const {
    return std::make_shared<int>(5);
  }
  troupe::local_only<handle> exec(const std::shared_ptr<int>& number,
                                  context& ctx) const {
    if (ctx.attempt() == 0) throw std::runtime_error("busy");
    return std::make_unique<int>(*number);
  }
  void post(state& shared, const troupe::local_only<std::shared_ptr<int>>&,
            const handle& out) const {
    shared.set("out", *out);
  }
};
// endregion

struct tries_without_input {
  int exec(context& ctx) const {
    if (ctx.attempt() == 0) throw std::runtime_error("busy");
    return 7;
  }
  void post(state& shared, int out) const { shared.set("out", out); }
};

}  // namespace

TEST_CASE("Another step goes on with what prep gave", "[prepared]") {
  lone_step first{fails_first{}};
  CHECK_FALSE(first.prepared());
  REQUIRE(first.begin() == status::exec_failed);
  REQUIRE(first.prepared());
  CHECK(*first.prepared() == troupe::json({1, 2, 3}));

  lone_step second{fails_first{}};
  second.restore(*first.prepared());
  REQUIRE(second.retry() == status::done);
  CHECK(second.shared().get<int>("count") == 3);
}

TEST_CASE("A node without a prep goes on without a value", "[prepared]") {
  lone_step first{tries_without_input{}};
  REQUIRE(first.begin() == status::exec_failed);
  REQUIRE(first.prepared());
  CHECK(first.prepared()->is_null());

  lone_step second{tries_without_input{}};
  second.restore(*first.prepared());
  REQUIRE(second.retry() == status::done);
  CHECK(second.shared().get<int>("out") == 7);
}

TEST_CASE("A step refuses what its prep cannot have given", "[prepared]") {
  lone_step typed{fails_first{}};
  CHECK(code_of([&] { typed.restore("text"); }) == errc::wrong_type);
  CHECK(code_of([&] { typed.restore({1, "two"}); }) == errc::wrong_type);
  lone_step views{prepares_views{}};
  CHECK(code_of([&] { views.restore({"a", "b"}); }) == errc::bad_flow);
}

TEST_CASE("What stays in the process needs no form, and has none",
          "[prepared]") {
  lone_step step{opens_locally{}};

  REQUIRE(step.begin() == status::exec_failed);
  CHECK_FALSE(step.prepared());

  REQUIRE(step.retry() == status::done);
  CHECK(step.shared().get<int>("out") == 5);
}
