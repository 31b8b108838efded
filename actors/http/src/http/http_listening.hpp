#pragma once

#include "http/exchange.hpp"

#include <troupe/http/http.hpp>

#include <memory>

namespace troupe::detail {

/// A response that is read as it arrives, without a waiting task. The
/// destructor aborts the transfer.
class http_listening {
 public:
  /// `to` is called on the thread of `web`, and must not destroy what is
  /// returned.
  [[nodiscard]] static std::unique_ptr<http_listening> begun(
      const http_client& web, http_request ask,
      std::shared_ptr<exchange_observer> to);

  virtual ~http_listening() = default;
};

}  // namespace troupe::detail
