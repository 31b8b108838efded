#include "troupe/detail/placed/placed_call.hpp"

#include <memory>

namespace troupe::detail {

std::optional<placed_work> attempt_elsewhere(context& ctx, const state& shared,
                                             const node_options& options) {
  auto what = ctx.host().work_elsewhere();
  if (!what) return std::nullopt;
  what->attempt = ctx.attempt();
  what->item = ctx.item();
  if (!options.reads.empty()) {
    state readable;
    const value document = shared.root();
    for (const auto& key : options.reads) {
      if (document.contains(key)) readable[key] = document.at(key);
    }
    what->readable = std::make_shared<const state>(std::move(readable));
  }
  return what;
}

}  // namespace troupe::detail
