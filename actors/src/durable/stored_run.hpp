#pragma once

#include <troupe/flow.hpp>
#include <troupe/run.hpp>
#include <troupe/state.hpp>
#include <troupe/store/resume_point.hpp>
#include <troupe/store/run_record.hpp>
#include <troupe/system.hpp>

#include <cstdint>
#include <string>

namespace troupe::detail {

/// The record of a run that begins at `now_ms`.
/// Errors: throws `errc::too_large` for a state that cannot be stored.
[[nodiscard]] run_record record_of(const flow& work, const state& initial,
                                   const run_options& options,
                                   const std::string& id, std::int64_t now_ms);
/// The options with which a stored run goes on at `now_ms`.
/// Errors: throws `errc::store_failed`.
[[nodiscard]] run_options options_of(const run_record& stored, value params,
                                     std::int64_t now_ms);

/// Returns whether both are the same run, started twice.
[[nodiscard]] bool is_same_start(const run_record& a,
                                 const run_record& b) noexcept;
/// Throws `errc::id_taken`, naming what differs.
[[noreturn]] void refuse_other_start(const run_record& there,
                                     const run_record& asked);

/// Throws `errc::quarantined`, with the reason that is kept.
[[noreturn]] void refuse_quarantined(const run_record& there);

/// Makes a run that ended go on: its step begins with fresh attempts, and the
/// items that failed or were cancelled have no outcome any more.
void make_fresh(resume_point& point);

}  // namespace troupe::detail
