#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace chaos {

struct supervisor_options {
  std::int64_t seed = 1;
  /// Sub-flows of each run.
  int items = 200;
  /// Runs at the same time.
  std::size_t lanes = 2;
};

/// Listens for workers, and makes one run after the other until it is told to
/// stop; one in 16 is cancelled on its way. What it is told are lines of its
/// standard input:
///
/// - `stop`: starts no more runs; answers `{"stopped": RUNS}` when all have
///   ended.
/// - `status`: answers `{"status": ...}`, what the listener says.
///
/// At their end it ends. Besides the answers it prints
/// `{"listening": "HOST:PORT"}`, a `{"notice": TEXT}` for each notice, and for
/// each run `{"run": NUMBER, "how": ..., "lost": [...], "doubled": [...]}`.
/// `how` is "ended", or says what is wrong with it.
int supervise(const supervisor_options& chosen);

struct worker_role_options {
  std::string join;
  std::string name;
  std::string journal;
  std::size_t capacity = 12;
};

/// Works for a supervisor until SIGTERM, which drains it. Prints a
/// `{"notice": TEXT}` for each notice.
int work(const worker_role_options& chosen);

/// Prints one object on one line, from any thread.
void say(const std::string& line);

}  // namespace chaos
