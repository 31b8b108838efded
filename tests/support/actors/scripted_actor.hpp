#pragma once

#include "actor/lite_actor.hpp"
#include "actor/payload.hpp"

#include <cstdint>
#include <functional>

namespace troupe::testing_support {

/// The message that tests send to it.
struct poke {
  std::uint32_t slot = 0;
  std::uint32_t number = 0;
  detail::payload_ptr body = nullptr;
};

/// An actor whose callbacks are given by the test.
class scripted_actor : public detail::lite_actor {
 public:
  using messages = detail::message_set<poke>;

  using lite_actor::again;
  using lite_actor::has_mail;
  using lite_actor::lite_actor;
  using lite_actor::quit;
  using lite_actor::request;
  using lite_actor::tell;
  using lite_actor::unwatch;
  using lite_actor::watch;

  std::function<void()> start = [] {};
  std::function<void(poke&)> receive = [](poke&) {};
  std::function<void(std::uint64_t, caf::message&)> response =
      [](std::uint64_t, caf::message&) {};
  std::function<void(std::uint64_t, const caf::error&)> failure =
      [](std::uint64_t, const caf::error&) {};
  std::function<void(const caf::down_msg&)> down = [](const caf::down_msg&) {};
  std::function<void()> turn = [] {};
  std::function<void(const caf::error&)> stop = [](const caf::error&) {};

 private:
  friend class detail::envelope;

  void on(poke&& received) { receive(received); }
  void on_start() override { start(); }
  void on_response(std::uint64_t number, caf::message& answer) override {
    response(number, answer);
  }
  void on_error_response(std::uint64_t number, const caf::error& why) override {
    failure(number, why);
  }
  void on_down(const caf::down_msg& ended) override { down(ended); }
  void on_turn() override { turn(); }
  void on_stop(const caf::error& reason) noexcept override { stop(reason); }
};

}  // namespace troupe::testing_support
