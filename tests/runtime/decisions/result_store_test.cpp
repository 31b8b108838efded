#include "support/catch.hpp"
#include "support/checked.hpp"

#include <troupe/result_store.hpp>

#include <rapidcheck.h>

#include <chrono>
#include <cstddef>
#include <string>

using namespace std::chrono_literals;
using troupe::result_store;
using troupe::time_point;
using troupe_test::checked;

namespace {

const time_point stored{};

/// With its key, so many bytes of JSON text.
troupe::value of_bytes(std::size_t bytes) {
  return std::string(bytes - 3, 'x');
}

}  // namespace

TEST_CASE("A result is found under its key", "[result_store]") {
  checked<result_store> store{{}};
  CHECK_FALSE(store->find("a", stored));
  store->put("a", 1, stored);
  store->put("b", 2, stored);
  CHECK(store->find("a", stored) == troupe::value{1});
  store->put("a", 3, stored);
  CHECK(store->find("a", stored) == troupe::value{3});
  CHECK(store->size() == 2);
}

TEST_CASE("A result is good for its time", "[result_store]") {
  checked<result_store> store{{.ttl = 10s}};
  store->put("a", 1, stored);
  CHECK(store->find("a", stored + 9s));
  CHECK_FALSE(store->find("a", stored + 10s));
  CHECK(store->size() == 0);
}

TEST_CASE("What was not read for the longest time gives way",
          "[result_store]") {
  checked<result_store> store{{.bytes_max = 30}};
  for (const char* key : {"a", "b", "c"}) store->put(key, of_bytes(10), stored);
  CHECK(store->find("a", stored));
  store->put("d", of_bytes(10), stored);
  CHECK(store->find("a", stored));
  CHECK_FALSE(store->find("b", stored));
  CHECK(store->find("c", stored));
}

TEST_CASE("What is larger than all the room is not kept", "[result_store]") {
  checked<result_store> store{{.bytes_max = 30}};
  store->put("a", of_bytes(10), stored);
  store->put("b", of_bytes(31), stored);
  CHECK(store->find("a", stored));
  CHECK_FALSE(store->find("b", stored));
}

TEST_CASE("The bytes of a store are those of what is in it", "[result_store]") {
  CHECK(rc::check([] {
    checked<result_store> store{{.bytes_max = 200, .ttl = 20s}};
    auto now = stored;
    const auto keys =
        *rc::gen::container<std::string>(rc::gen::inRange('a', 'g'));
    for (const char key : keys) {
      now += std::chrono::seconds{*rc::gen::inRange(0, 10)};
      store->put(std::string(1, key),
                 of_bytes(*rc::gen::inRange<std::size_t>(4, 90)), now);
      RC_ASSERT(store->bytes() <= 200U);
    }
    std::size_t bytes = 0;
    std::size_t found = 0;
    for (char key = 'a'; key < 'g'; ++key) {
      // Still there, if too old: nothing has been read at this time.
      if (const auto result = store->find(std::string(1, key), stored)) {
        bytes += 1 + result->to_json().dump().size();
        ++found;
      }
    }
    RC_ASSERT(bytes == store->bytes());
    RC_ASSERT(found == store->size());
  }));
}

TEST_CASE("Store options out of their bounds are named", "[result_store]") {
  CHECK(mistakes_in(troupe::result_store_options{}).empty());
  const troupe::result_store_options none{.bytes_max = 0, .ttl = 0s};
  CHECK(mistakes_in(none).size() == 2);
}
