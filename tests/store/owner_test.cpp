#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/store/store_place.hpp"

#include <troupe/store/sqlite.hpp>
#include <troupe/store/store_file.hpp>

#include "owner/owner_socket.hpp"

#include <chrono>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

using namespace troupe_test;
using namespace std::chrono_literals;
using troupe::errc;
using troupe::json;

TEST_CASE("the owner of a store answers requests") {
  const store_place place;
  const auto store = troupe::sqlite(place.file);
  store->on_request([](const json& request) {
    return json{{"cancelled", request.at("cancel")}};
  });

  const auto answer =
      troupe::ask_owner(place.file, json{{"cancel", "r"}}, 10s);

  CHECK(answer == json{{"cancelled", "r"}});
}

TEST_CASE("a request that fails is answered with the error") {
  const store_place place;
  const auto store = troupe::sqlite(place.file);
  CHECK(troupe::ask_owner(place.file, json{{"x", 1}}, 10s).contains("error"));
  store->on_request([](const json& request) -> json {
    return request.at("none");
  });

  CHECK(troupe::ask_owner(place.file, json{{"x", 1}}, 10s).contains("error"));
  CHECK(troupe::ask_owner(place.file, json::array(), 10s).contains("error"));
}

TEST_CASE("a store without an owner is said") {
  const store_place place;
  { const auto store = troupe::sqlite(place.file); }
  std::string text;

  CHECK(code_of([&] { (void)troupe::ask_owner(place.file, json::object(), 1s); },
                &text) == errc::request_failed);

  CHECK(text.find("no process owns the store") != std::string::npos);
}

TEST_CASE("an owner that does not answer is given up") {
  const store_place place;
  const auto store = troupe::sqlite(place.file);
  std::promise<void> asked;
  std::promise<void> answers;
  store->on_request([&](const json&) {
    answers.get_future().wait();
    return json::object();
  });

  CHECK(code_of([&] {
          (void)troupe::ask_owner(place.file, json::object(), 20ms);
        }) == errc::timed_out);

  answers.set_value();
}

TEST_CASE("clients that say nothing do not keep others away for ever") {
  const store_place place;
  const auto store = troupe::sqlite(place.file);
  store->on_request([](const json&) { return json{{"n", 42}}; });
  std::vector<int> silent;
  for (int i = 0; i < 10; ++i) {
    silent.push_back(troupe::detail::connect_to_owner(
        std::filesystem::canonical(place.file).string()));
  }

  CHECK(troupe::ask_owner(place.file, json::object(), 10s).at("n") == 42);

  for (const int file : silent) ::close(file);
}

TEST_CASE("a line that is too long ends the connection") {
  const store_place place;
  const auto store = troupe::sqlite(place.file);
  const json request{{"x", std::string(3'000'000, 'x')}};

  CHECK(code_of([&] { (void)troupe::ask_owner(place.file, request, 10s); }) ==
        errc::request_failed);
}

TEST_CASE("the socket of a store with a long path is found") {
  const store_place place;
  const auto folder = place.folder / std::string(120, 'd');
  std::filesystem::create_directory(folder);
  const auto store = troupe::sqlite(folder / "runs.db");
  store->on_request([](const json&) { return json{{"n", 42}}; });

  CHECK(troupe::ask_owner(folder / "runs.db", json::object(), 10s).at("n") ==
        42);
}

TEST_CASE("a store may end in the answer to its own commit") {
  const store_place place;
  auto store = troupe::sqlite(place.file);
  begin(*store, record_of("r"));
  std::promise<void> ended;
  troupe::run_commit what;
  what.run = "r";
  what.entries.push_back(step_of(0));
  what.done = [&, held = store](const auto&) mutable {
    held.reset();
    ended.set_value();
  };
  auto* raw = store.get();
  raw->submit(std::move(what));
  store.reset();
  ended.get_future().wait();

  CHECK(troupe::read_store(place.file)->find("r")->steps == 0);
}
