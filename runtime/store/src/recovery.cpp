#include "troupe/store/recovery.hpp"

#include "troupe/printable.hpp"

namespace troupe::detail {

recovery decide_recovery(const run_record& run, std::uint32_t recoveries_max,
                         std::string_view path) {
  recovery made;
  if (is_over(run.status) || run.status == run_status::quarantined) return made;
  if (run.status == run_status::parked) {
    made.how = recovery::kind::goes_on;
    return made;
  }
  if (run.recoveries_in_vain < recoveries_max) {
    made.how = recovery::kind::recovers;
    return made;
  }
  made.how = recovery::kind::quarantined;
  made.why = "the run '" + printable(run.id) +
             "' is in quarantine: its process died at " +
             (path.empty() ? std::string{"its first step"}
                           : "'" + printable(path) + "'") +
             ", and " + std::to_string(run.recoveries_in_vain) +
             " attempts to recover it committed no step; release it with "
             "another version of the flow, or resume it by hand";
  return made;
}

bool is_released_by(const run_record& run, std::string_view version) noexcept {
  return run.status == run_status::quarantined && run.version != version;
}

}  // namespace troupe::detail
