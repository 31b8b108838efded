#pragma once

#include "replay/recorded_case.hpp"

#include <troupe/context.hpp>
#include <troupe/flow.hpp>
#include <troupe/json.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::replay {

/// The deeds of the nodes of a run, in their order.
///
/// Thread safety: internally synchronised.
class trace {
 public:
  /// Tells of it by an event of the run as well, which comes from a worker,
  /// too.
  void add(context& ctx, const std::string& id, std::string_view phase,
           std::optional<std::uint32_t> attempt = {});
  [[nodiscard]] std::vector<json> take();
  /// Writes nothing down until `open`.
  void close();
  void open();

 private:
  std::mutex mutex_;
  std::vector<json> seen_;
  bool is_closed_ = false;
};

/// The flow of a case. Its nodes do what their elements say and write down in
/// `seen` that they did; `on` places all of them on workers.
/// Errors: throws `std::runtime_error` for elements that do not exist.
[[nodiscard]] flow make_flow(const recorded_case& from,
                             std::shared_ptr<trace> seen, std::string on = {});

}  // namespace troupe::replay
