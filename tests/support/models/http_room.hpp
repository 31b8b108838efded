#pragma once

#include "support/catch.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/http/http.hpp>
#include <troupe/system.hpp>

#include <cstddef>
#include <cstdlib>
#include <string>
#include <utility>

namespace troupe_test {

/// The address of a path of the server that the tests were started with.
inline std::string server(const std::string& path,
                          const char* name = "HTTP_SERVER") {
  const char* address = std::getenv(name);
  REQUIRE(address != nullptr);
  return address + path;
}

inline troupe::json seen(const troupe::http_response& reply) {
  auto headers = troupe::json::object();
  for (const auto& each : reply.headers) headers[each.name] = each.value;
  return {{"status", reply.status}, {"headers", headers}, {"body", reply.body}};
}

/// A node around a coroutine: what `work` yields is the run's state "reply".
template <class Work>
struct does {
  explicit does(Work given) : work(std::move(given)) {}

  troupe::task<troupe::json> exec() const { co_return co_await work(); }
  void post(troupe::state& shared, const troupe::json& reply) const {
    shared["reply"] = reply;
  }

  Work work;
};

/// A client, and runs that use it.
struct http_room {
  explicit http_room(troupe::http_options options = {}, std::size_t threads = 2)
      : system{{.threads = threads}}, web{system, std::move(options)} {}

  /// Returns the result of `work`. Throws the error of its run.
  template <class Work>
  troupe::json result_of(Work work) {
    const auto ended =
        system.start(one_node(does<Work>{std::move(work)})).get();
    if (!ended.ok()) throw troupe::error{*ended.failure};
    return ended.state.at("reply").to_json();
  }
  troupe::json send(troupe::http_request ask) {
    return result_of([this, ask]() -> troupe::task<troupe::json> {
      const auto reply = co_await web.send(ask);
      co_return seen(reply);
    });
  }
  troupe::json get(const std::string& path, troupe::http_limits limits = {}) {
    troupe::http_request ask{server(path)};
    ask.limits = limits;
    return send(std::move(ask));
  }
  troupe::error failure(troupe::http_request ask) {
    try {
      send(std::move(ask));
    } catch (const troupe::error& why) {
      return why;
    }
    FAIL("the exchange did not fail");
    return {troupe::errc::cancelled, ""};
  }
  troupe::error failure(const std::string& path,
                        troupe::http_limits limits = {}) {
    troupe::http_request ask{server(path)};
    ask.limits = limits;
    return failure(std::move(ask));
  }

  troupe::system system;
  troupe::http_client web;
};

}  // namespace troupe_test
