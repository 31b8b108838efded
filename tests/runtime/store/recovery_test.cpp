#include "support/catch.hpp"

#include <troupe/store/recovery.hpp>

using troupe::run_record;
using troupe::run_status;
using troupe::detail::decide_recovery;
using troupe::detail::is_released_by;
using kind = troupe::detail::recovery::kind;

namespace {

kind decision(run_status status, std::uint32_t in_vain) {
  run_record run;
  run.status = status;
  run.recoveries = 1'000;
  run.recoveries_in_vain = in_vain;
  return decide_recovery(run, 5, "a").how;
}

}  // namespace

TEST_CASE("a run is recovered five times without progress, and no more") {
  for (std::uint32_t i = 0; i < 5; ++i) {
    CHECK(decision(run_status::running, i) == kind::recovers);
  }
  CHECK(decision(run_status::running, 5) == kind::quarantined);
  CHECK(decision(run_status::running, ~std::uint32_t{0}) == kind::quarantined);
}

TEST_CASE("a run that was put away goes on, whatever it lived through") {
  CHECK(decision(run_status::parked, 5) == kind::goes_on);
}

TEST_CASE("a run that ended, or is in quarantine, stays") {
  for (const auto each : {run_status::quarantined, run_status::finished,
                          run_status::failed, run_status::cancelled}) {
    CHECK(decision(each, 0) == kind::stays);
  }
}

TEST_CASE("a quarantine names the step, and what to do") {
  run_record run;
  run.id = "r";
  run.recoveries_in_vain = 5;
  CHECK(decide_recovery(run, 5, "outer/c").why ==
        "the run 'r' is in quarantine: its process died at 'outer/c', and 5 "
        "attempts to recover it committed no step; release it with another "
        "version of the flow, or resume it by hand");
  CHECK(decide_recovery(run, 5, "").why.find("died at its first step") !=
        std::string::npos);
}

TEST_CASE("another version of the flow releases a run from quarantine") {
  run_record run;
  run.version = "1";
  CHECK_FALSE(is_released_by(run, "2"));
  run.status = run_status::quarantined;
  CHECK(is_released_by(run, "2"));
  CHECK_FALSE(is_released_by(run, "1"));
}
