// The requests of other processes to the owner of the store.

#include "core/system_core.hpp"
#include "durable/durable_runs.hpp"

#include <troupe/store/run_commands.hpp>

#include <chrono>
#include <exception>
#include <utility>

namespace troupe::detail {

namespace {

/// The longest time in which a run has to end once it is cancelled, before the
/// one who asked is told that it has not.
constexpr auto cancel_max = std::chrono::seconds{20};

std::string text_of(const json& request, const char* name) {
  const auto found = request.find(name);
  if (found == request.end() || !found->is_string()) return {};
  return found->get<std::string>();
}

json refused(errc code, const std::string& why) {
  return {{"error", why}, {"code", std::string{to_string(code)}}};
}

json cancel_live(run_core& run, const json& request) {
  const auto reason = text_of(request, "reason");
  run.cancel(reason.empty() ? "cancelled from the command line" : reason);
  if (!run.wait_for(cancel_max)) {
    return refused(errc::timed_out,
                   "run '" + run.id() +
                       "' has been told to end and has not yet: a step of it "
                       "does not look at its stop token");
  }
  return {{"ok", true}, {"cancelled", {run.id()}}};
}

}  // namespace

json durable_runs::on_request(system_core& system, const json& request) {
  {
    const std::lock_guard lock{mutex_};
    // From here on the system may be gone.
    if (is_parked_) {
      return refused(errc::shut_down, "the process that owns the store ends");
    }
    ++requests_;
  }
  json answer;
  try {
    answer = carry_out_request(system, request);
  } catch (const error& why) {
    answer = refused(why.code(), why.message());
  } catch (const std::exception& why) {
    answer = refused(errc::request_failed, why.what());
  }
  const std::lock_guard lock{mutex_};
  --requests_;
  request_ended_.notify_all();
  return answer;
}

json durable_runs::carry_out_request(system_core& system, const json& request) {
  const auto verb = text_of(request, "verb");
  const auto id = text_of(request, "run");
  std::unique_lock lock{mutex_};
  if (const auto live = id.empty() ? nullptr : find_live(id)) {
    // The end of the run needs the lock.
    lock.unlock();
    if (verb == "cancel") return cancel_live(*live, request);
    if (verb == "resume") {
      return {{"ok", true}, {"changed", false}, {"how", "running"}};
    }
    if (verb == "settle") {
      return refused(errc::bad_value,
                     "run '" + id + "' is at work; cancel it first");
    }
    lock.lock();
  }
  auto& from = reader(system);
  command_scope scope;
  scope.store = system.options().store.get();
  scope.reader = &from;
  scope.now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                     system.timers()->wall_now().time_since_epoch())
                     .count();
  auto answer = carry_out(scope, request);
  if (verb != "resume" || !answer.contains("ok")) return answer;
  lock.unlock();
  try {
    resume(system, id);
    answer["how"] = "running";
  } catch (const error& why) {
    // It waits for a process that has its flow.
    answer["why"] = why.message();
  }
  return answer;
}

}  // namespace troupe::detail
