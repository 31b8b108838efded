#pragma once

#include "support/catch.hpp"

#include <sys/resource.h>

namespace troupe_test {

/// As long as it lives, the process can open no more files.
class scarce_files {
 public:
  scarce_files() {
    REQUIRE(getrlimit(RLIMIT_NOFILE, &before_) == 0);
    auto none = before_;
    none.rlim_cur = 0;
    REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
  }
  scarce_files(const scarce_files&) = delete;
  scarce_files& operator=(const scarce_files&) = delete;
  ~scarce_files() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace troupe_test
