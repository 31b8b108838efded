#pragma once

#include "support/models/client_room.hpp"

#include <troupe/llm/client.hpp>

#include <atomic>
#include <string>
#include <unistd.h>
#include <utility>

namespace troupe_test {

/// A channel of its own at tests/support/servers/model_server.py, with a
/// script, and runs that use it.
struct model_room : client_room {
  explicit model_room(troupe::json script = troupe::json::array())
      : channel("/ch/" + new_name()) {
    const auto told = send(
        {"POST", server(channel + "/_script", "MODEL_SERVER"), script.dump()});
    INFO(told);
    REQUIRE(told.at("status") == 200);
  }

  /// For the channel and a model named "scripted".
  [[nodiscard]] troupe::llm::client_options options(
      troupe::llm::api api = troupe::llm::api::openai_chat) const {
    troupe::llm::client_options how;
    how.model = "scripted";
    how.api = api;
    how.base_url = server(channel, "MODEL_SERVER");
    if (api != troupe::llm::api::anthropic_messages) how.base_url += "/v1";
    how.api_key = "test-key-secret";
    return how;
  }

  /// Returns the log of the server, once `counter` has come to `least`.
  troupe::json log(const std::string& counter = {}, int least = 0) {
    std::string path = channel + "/_log";
    if (!counter.empty()) {
      path += "?until=" + counter + ":" + std::to_string(least);
    }
    troupe::http_request ask{server(path, "MODEL_SERVER")};
    return troupe::json::parse(
        send(std::move(ask)).at("body").get<std::string>());
  }
  int count(const std::string& counter) {
    return log().at("counters").at(counter).get<int>();
  }

  const std::string channel;

 private:
  static std::string new_name() {
    static std::atomic<int> last{0};
    return std::to_string(getpid()) + "-" + std::to_string(++last);
  }
};

}  // namespace troupe_test
