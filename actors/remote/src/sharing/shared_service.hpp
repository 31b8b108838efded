#pragma once

#include <troupe/json.hpp>
#include <troupe/task.hpp>

#include <memory>

namespace troupe::remote {

/// Something that was lent to another process with an answer. One that is
/// destroyed and did not come back was with a process that is lost.
class lent {
 public:
  lent() = default;
  lent(const lent&) = delete;
  lent& operator=(const lent&) = delete;
  virtual ~lent() = default;

  /// `note` is null if it was never used. It comes from another process, so it
  /// may be anything.
  virtual void come_back(const json& note) { static_cast<void>(note); }
};

/// The answer to a call.
struct served_answer {
  json body = {};
  std::unique_ptr<lent> with = {};
};

/// A service that the workers of this process can ask for by its name.
///
/// Thread safety: internally synchronised.
class shared_service {
 public:
  shared_service() = default;
  shared_service(const shared_service&) = delete;
  shared_service& operator=(const shared_service&) = delete;
  virtual ~shared_service() = default;

  /// Runs on an actor of the supervisor's, beside others. It is destroyed where
  /// it waits when nobody waits for it any more.
  [[nodiscard]] virtual task<served_answer> serve(json asked) = 0;
  /// The system ends.
  virtual void close() noexcept {}
};

}  // namespace troupe::remote
