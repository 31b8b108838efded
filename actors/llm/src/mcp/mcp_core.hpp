#pragma once

#include "mcp/mcp_calls.hpp"
#include "mcp/mcp_transport.hpp"

#include <troupe/llm/mcp_options.hpp>
#include <troupe/semaphore.hpp>
#include <troupe/system.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace troupe::llm::detail {

/// The shared state of the copies of a client, and of its tools.
///
/// Thread safety: internally synchronised.
class mcp_core : public mcp_line,
                 public std::enable_shared_from_this<mcp_core> {
 public:
  mcp_core(system& where, std::shared_ptr<mcp_transport> through,
           mcp_options how);

  task<json> ask(std::string method, json params) override;
  void send_off(std::string method, json params) noexcept override;
  std::string identity() override { return transport_->identity(); }
  /// After greeting the server, if nobody has.
  task<mcp_session> agreed();
  [[nodiscard]] error clean(error why) const {
    return transport_->clean(std::move(why));
  }
  [[nodiscard]] error named(error why) const {
    return transport_->named(std::move(why));
  }

  const mcp_options options;
  /// Also the transport's, which may live longer.
  const std::shared_ptr<mcp_shelf> shelf = std::make_shared<mcp_shelf>();

 private:
  task<mcp_session> greet();
  task<mcp_session> open(bool may_be_modern);
  task<mcp_session> opened_as_older(std::uint64_t epoch);
  task<json> asked(std::string method, json params, mcp_session of);
  task<json> probed(std::uint64_t epoch);
  task<> list_again(mcp_session of);
  void hear_of_changes(const json& list, const mcp_session& of);
  std::optional<mcp_session> greeted();

  const std::shared_ptr<mcp_transport> transport_;
  /// The capabilities that servers are told of.
  const json capabilities_ = mcp::client_capabilities(
      options.on_input ? options.inputs : std::set<mcp_input_kind>{});
  const semaphore greeting_;
  std::atomic<std::uint64_t> last_id_{0};
  std::mutex mutex_;
  std::optional<mcp_session> session_;
};

}  // namespace troupe::llm::detail
