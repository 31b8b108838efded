#pragma once

#include <troupe/error.hpp>
#include <troupe/json.hpp>
#include <troupe/store/run_history.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace troupe_tool {

// Stored runs as the program tells of them: as JSON, whose schema is
// `docs/schemas/troupe.json`, and for people, safe for a terminal.

[[nodiscard]] troupe::json form_of(const troupe::error& failure);
[[nodiscard]] troupe::json form_of(const troupe::run_record& run);
[[nodiscard]] troupe::json form_of(const troupe::history_step& step);
[[nodiscard]] troupe::json form_of(const troupe::stored_entry& entry);
[[nodiscard]] troupe::json form_of(const troupe::difference& change);
[[nodiscard]] troupe::json form_of(const troupe::open_effect& effect);
[[nodiscard]] troupe::json form_of(const troupe::run_explanation& why);

[[nodiscard]] std::string text_of(const std::vector<troupe::run_record>& runs);
[[nodiscard]] std::string text_of(const troupe::run_record& run);
[[nodiscard]] std::string text_of(
    const std::vector<troupe::history_step>& steps);
[[nodiscard]] std::string text_of(const troupe::stored_entry& entry);
[[nodiscard]] std::string text_of(
    const std::vector<troupe::difference>& changes);
[[nodiscard]] std::string text_of(const troupe::run_explanation& why);

/// A date in UTC: "2026-01-31T12:00:00Z"; "-" for 0.
[[nodiscard]] std::string date_of(std::int64_t at_ms);

}  // namespace troupe_tool
