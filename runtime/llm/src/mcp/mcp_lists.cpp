#include "troupe/llm/mcp_lists.hpp"

#include "mcp/mcp_member.hpp"
#include "troupe/llm/mcp_task.hpp"

#include <algorithm>
#include <utility>

namespace troupe::llm::mcp {

namespace {

constexpr duration longest = std::chrono::hours{24};
constexpr std::size_t pages_max = 1'000;
constexpr std::size_t tools_max = 10'000;

}  // namespace

freshness freshness_in(const json& result) {
  const auto* span = detail::member(result, "ttlMs");
  const auto lifetime = span == nullptr ? std::nullopt : milliseconds_in(*span);
  const auto* scope = detail::member(result, "cacheScope");
  return {std::min<duration>(lifetime.value_or(duration::zero()), longest),
          scope == nullptr || *scope != "public"};
}

std::optional<tool_page> kept_pages::find(const std::string& cursor,
                                          const std::string& who,
                                          time_point now) const {
  const auto found = pages_.find(cursor);
  if (found == pages_.end() || now >= found->second.until) return std::nullopt;
  if (found->second.who && *found->second.who != who) return std::nullopt;
  return found->second.page;
}

void kept_pages::keep(const std::string& cursor, const std::string& who,
                      tool_page page, freshness fresh, time_point now) {
  pages_.erase(cursor);
  if (fresh.lifetime <= duration::zero()) return;
  std::size_t tools = page.tools.size();
  for (const auto& [at, each] : pages_) tools += each.page.tools.size();
  if (pages_.size() >= pages_max || tools > tools_max) return;
  std::optional<std::string> owner;
  if (fresh.is_private) owner = who;
  pages_.emplace(cursor,
                 kept{std::move(page), after(now, fresh.lifetime), owner});
}

}  // namespace troupe::llm::mcp
