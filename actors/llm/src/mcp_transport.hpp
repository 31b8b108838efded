#pragma once

#include <troupe/json.hpp>
#include <troupe/llm/mcp_client.hpp>
#include <troupe/llm/mcp_protocol.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace troupe::detail {
class system_core;
}

namespace troupe::llm::detail {

/// Carries messages to a server and back.
///
/// Thread safety: internally synchronised.
class mcp_transport {
 public:
  mcp_transport() = default;
  mcp_transport(const mcp_transport&) = delete;
  mcp_transport& operator=(const mcp_transport&) = delete;
  virtual ~mcp_transport() = default;

  /// The answer to a request, whose number is `id`. One that is an error is an
  /// answer as well. Null: the server does not know such requests at all.
  /// Cancellation: the server is told; over HTTP by the end of the connection.
  [[nodiscard]] virtual task<json> exchange(std::uint64_t id, json request,
                                            mcp::agreement under) = 0;
  /// Whether the server still knows who was greeted.
  [[nodiscard]] virtual bool is_open() { return true; }
  /// Sends a request whose answer nobody waits for, if that can be done now.
  virtual void send_off(std::uint64_t id, json request, mcp::agreement under) {
    static_cast<void>(id);
    static_cast<void>(request);
    static_cast<void>(under);
  }
  /// Who the server takes this client for, as far as that may change.
  [[nodiscard]] virtual std::string identity() { return {}; }
  /// Has `hears` called with the method of each notification that comes.
  /// @pre nothing has been sent
  void on_notification(std::function<void(const std::string&)> hears) {
    hears_ = std::move(hears);
  }
  /// Sends a message that has no answer.
  [[nodiscard]] virtual task<> notify(json message, mcp::agreement under) = 0;

 protected:
  void heard(const std::string& method) const {
    if (hears_) hears_(method);
  }

 private:
  std::function<void(const std::string&)> hears_;
};

[[nodiscard]] std::shared_ptr<mcp_transport> make_http_transport(
    http_client web, mcp_address server, const mcp_options& options);
[[nodiscard]] std::shared_ptr<mcp_transport> make_process_transport(
    troupe::detail::system_core& core, mcp_command server,
    const mcp_options& options);

}  // namespace troupe::llm::detail
