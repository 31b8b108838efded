#pragma once

#include "http/http_listening.hpp"
#include "mcp/mcp_changes.hpp"
#include "mcp/mcp_transport.hpp"

#include <troupe/http/detail/redaction.hpp>
#include <troupe/http/http.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::llm::detail {

/// A request on its way, as far as its response has to be understood.
struct mcp_asked {
  /// Its method and address, for errors.
  std::string what;
  /// True if it names a session.
  bool in_session = false;
};

/// The way of requests to a server over HTTP: redirects, refusals, and the
/// session.
///
/// Thread safety: internally synchronised.
class mcp_web {
 public:
  mcp_web(http_client web, mcp_address server, const mcp_options& options);

  /// Those of `mcp_transport`.
  std::uint64_t begin();
  [[nodiscard]] bool is_open(std::uint64_t epoch);
  [[nodiscard]] error clean(error why) const;
  [[nodiscard]] error named(error why) const;

  /// A request with the user's headers, the session and the limits, to the
  /// address of the server.
  /// Errors: throws `mcp_session_lost` for a session that is over.
  [[nodiscard]] http_request request(const char* method, const mcp_session& of);
  [[nodiscard]] static mcp_asked asked(const http_request& request);
  /// The response, after redirects on the same server: the user's headers say
  /// who they are.
  /// After a 401 it is sent again if there is another token by then.
  [[nodiscard]] task<http_stream> followed(http_request ask);
  void send_off(http_request ask) const { web_.send_off(std::move(ask)); }

  /// False while the server tells of changes, or if it did not agree to.
  [[nodiscard]] bool may_hear();
  /// Asks for the stream on which it does.
  void hear(http_request ask, mcp_hearing to);

  /// The token that is shown now.
  [[nodiscard]] std::string identity() const;

  void keep_session(const http_response& head, const mcp_session& of);
  void lose_session(const mcp_session& of);
  /// Tells the server that its session is over. Waits for nothing.
  void end_session() noexcept;
  /// The error of the protocol in a response that refuses a request, if that is
  /// what the server means with it.
  /// Errors: throws `mcp_session_lost` and `mcp_refusal`.
  [[nodiscard]] task<json> refused(http_stream stream, mcp_asked asked,
                                   mcp_session of);

 private:
  [[nodiscard]] std::optional<std::string> session_of(const mcp_session& of);
  [[nodiscard]] error refusal_in(http_response reply,
                                 const mcp_asked& asked) const;
  bool show_token(http_request& ask);
  [[nodiscard]] std::shared_ptr<const troupe::detail::secrets> known_secrets()
      const;

  const http_client web_;
  const mcp_address server_;
  const mcp_options options_;
  mutable std::mutex mutex_;
  /// With the last token, and the one before it, which may still be on its way.
  std::shared_ptr<const troupe::detail::secrets> secrets_;
  std::string token_;
  /// The address of the server, after its permanent redirects.
  std::string url_;
  std::uint64_t epoch_ = 0;
  std::string session_;
  bool is_lost_ = false;
  /// The address at which the server tells of changes.
  std::shared_ptr<mcp_changes> changes_;
  std::unique_ptr<troupe::detail::http_listening> listening_;
};

}  // namespace troupe::llm::detail
