#pragma once

#include "caf/caf_version.hpp"
#include "network/transport.hpp"
#include "wire/messages.hpp"

#include <troupe/remote/network.hpp>
#include <troupe/system.hpp>

#include <caf/scoped_actor.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace troupe_test {

/// An actor of another process, as far as can be told from outside, that says
/// to a supervisor or to a worker whatever it likes. Not to be moved between
/// threads.
class raw_peer {
 public:
  explicit raw_peer(const troupe::remote::endpoint& to,
                    const troupe::remote::network_options& network = {})
      : system_(std::make_shared<troupe::system>(troupe::system_options{
            .threads = 1, .prepare = troupe::remote::network(network)})),
        self_(system_->actors()) {
    for (int tries = 0; !to_; ++tries) {
      auto found = troupe::remote::connect(system_->actors(), to);
      if (auto* reached = std::get_if<caf::actor>(&found)) {
        to_ = std::move(*reached);
      } else if (tries == 20) {
        throw std::runtime_error{"cannot reach: " +
                                 std::get<std::string>(found)};
      }
    }
  }

  /// Another one in the process of `beside`, which speaks to the same.
  explicit raw_peer(const raw_peer& beside)
      : system_(beside.system_), self_(system_->actors()), to_(beside.to_) {}

  /// One that is called, and then speaks to whoever spoke first.
  raw_peer()
      : system_(std::make_shared<troupe::system>(troupe::system_options{
            .threads = 1, .prepare = troupe::remote::network()})),
        self_(system_->actors()) {
    at_.port = troupe::remote::publish(system_->actors(),
                                       caf::actor_cast<caf::actor>(self_), at_);
  }

  [[nodiscard]] const troupe::remote::endpoint& at() const { return at_; }
  void say(std::string packet) {
    troupe::detail::send(self_.ptr(), to_, std::move(packet));
  }
  template <class T>
  void say(T message) {
    say(troupe::remote::wire::encode(
        troupe::remote::wire::message{std::move(message)}));
  }
  /// Something that is no text at all.
  void say_number(int number) {
    troupe::detail::send(self_.ptr(), to_, number);
  }

  /// The next message, or nothing if none comes.
  std::optional<troupe::remote::wire::message> hear_any() {
    while (heard_.empty()) {
      if (!listen()) return {};
    }
    auto next = std::move(heard_.front());
    heard_.erase(heard_.begin());
    return next;
  }
  /// The next message of this kind; those of others are passed over.
  template <class T>
  std::optional<T> hear() {
    while (auto next = hear_any()) {
      if (auto* wanted = std::get_if<T>(&*next)) return std::move(*wanted);
    }
    return {};
  }

 private:
  bool listen() {
    constexpr std::chrono::seconds patience{120};
    bool has_heard = false;
    self_->receive(
        [&](const std::string& packet) {
          if (!to_) to_ = caf::actor_cast<caf::actor>(self_->current_sender());
          for (auto& each : troupe::remote::wire::decode(packet)) {
            heard_.push_back(std::move(each));
          }
          has_heard = true;
        },
        caf::after(patience) >> [] {});
    return has_heard;
  }

  std::shared_ptr<troupe::system> system_;
  caf::scoped_actor self_;
  caf::actor to_;
  troupe::remote::endpoint at_;
  std::vector<troupe::remote::wire::message> heard_;
};

/// A list that is within so many lists.
inline std::string deep_cbor(std::size_t depth) {
  return std::string(depth, '\x81') + '\x80';
}

inline std::string cbor(const troupe::json& form) {
  std::string made;
  troupe::json::to_cbor(form, made);
  return made;
}

inline troupe::remote::wire::shared_bytes body_of(const std::string& text) {
  return std::make_shared<const troupe::remote::wire::bytes>(text.begin(),
                                                             text.end());
}

}  // namespace troupe_test
