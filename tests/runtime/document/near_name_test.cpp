#include "support/catch.hpp"

#include <troupe/detail/text/near_name.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

using troupe::detail::near_name;

namespace {

using names = std::vector<std::string_view>;

std::string nearest(std::string_view written, const names& all) {
  return std::string{near_name(written, all).value_or("-")};
}

}  // namespace

TEST_CASE("A name with a byte too few, too many or exchanged is near",
          "[near_name]") {
  const names all{"approve", "reject"};
  CHECK(nearest("aprove", all) == "approve");
  CHECK(nearest("approvee", all) == "approve");
  CHECK(nearest("apporve", all) == "approve");
  CHECK(nearest("approv", all) == "approve");
  CHECK(nearest("rejects", all) == "reject");
  CHECK(nearest("rejectd!", all) == "reject");
}

TEST_CASE("A name that is another word is not near", "[near_name]") {
  const names all{"approve", "reject", "no", "yes"};
  CHECK(nearest("done", all) == "-");
  CHECK(nearest("on", all) == "-");
  CHECK(nearest("yess", all) == "yes");
  CHECK(nearest("ye", all) == "-");
  CHECK(nearest("approve", {}) == "-");
  CHECK(nearest("", all) == "-");
}

TEST_CASE("Case and separators make no other name", "[near_name]") {
  CHECK(nearest("APPROVE", {"approve"}) == "approve");
  CHECK(nearest("ask-again", {"ask_again"}) == "ask_again");
  CHECK(nearest("Ask Agan", {"ask_again"}) == "ask_again");
  CHECK(nearest("No", {"no"}) == "no");
}

TEST_CASE("The nearest name is chosen, and the first of those as near",
          "[near_name]") {
  CHECK(nearest("searchs", {"starch", "search"}) == "search");
  CHECK(nearest("bead", {"beat", "beam"}) == "beat");
}

TEST_CASE("A very long name is near to nothing", "[near_name]") {
  const std::string first(64, 'a');
  const std::string second(65, 'a');
  CHECK(nearest(second, {first}) == "-");
  CHECK(nearest(first, {second}) == "-");
  CHECK(nearest(first, {first.substr(1)}) == first.substr(1));
}
