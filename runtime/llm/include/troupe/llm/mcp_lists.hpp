#pragma once

#include "troupe/clock.hpp"
#include "troupe/json.hpp"
#include "troupe/llm/mcp_protocol.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>

namespace troupe::llm::mcp {

/// The time for which a list of a server may be used again, and by whom.
struct freshness {
  /// From when it came on; zero where the server does not say, 24 hours at
  /// most.
  duration lifetime = {};
  /// True if it is for those who show the same authorization. So it is unless
  /// the server says "public".
  bool is_private = true;
};

/// Reads "ttlMs" and "cacheScope" of a result.
[[nodiscard]] freshness freshness_in(const json& result);

/// The pages of a list of tools that may be used again, each for as long as the
/// server says.
///
/// Source: "Caching" of the revision 2026-07-28.
///
/// Limits: 1,000 pages with 10,000 tools; more are not kept.
///
/// Thread safety: confined to one actor or task.
class kept_pages {
 public:
  /// The page that begins at `cursor`, if it is fresh. One that is private is
  /// for `who` asked for it.
  [[nodiscard]] std::optional<tool_page> find(const std::string& cursor,
                                              const std::string& who,
                                              time_point now) const;
  /// Keeps a page that came at `now`; it replaces an earlier one.
  void keep(const std::string& cursor, const std::string& who, tool_page page,
            freshness fresh, time_point now);
  void forget() { pages_.clear(); }
  [[nodiscard]] bool is_empty() const noexcept { return pages_.empty(); }

 private:
  struct kept {
    tool_page page;
    time_point until;
    /// Absent for everybody.
    std::optional<std::string> who;
  };

  std::map<std::string, kept> pages_;
};

}  // namespace troupe::llm::mcp
