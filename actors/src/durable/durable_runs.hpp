#pragma once

#include "core/run_core.hpp"
#include "core/system_part.hpp"

#include <troupe/detail/node/step_keeper.hpp>
#include <troupe/resume.hpp>
#include <troupe/store/run_store.hpp>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::detail {

struct resume_point;

/// The durable runs of a system: which are at work here, and those in the store
/// that can go on.
///
/// Of one id one run at most is at work: whoever starts or resumes it gets that
/// one.
///
/// Thread safety: internally synchronised.
class durable_runs final : public system_part {
 public:
  /// Starts a run, or gives the one of that id.
  /// Errors: throws `errc::id_taken`, and those of the store.
  std::shared_ptr<run_core> start(system_core& system, const flow& work,
                                  state initial, run_options options);
  /// Makes a flow known.
  /// Errors: throws `errc::bad_flow` if the options have one of that name.
  void add_flow(system_core& system, const flow& work);
  /// Goes on with a stored run, whatever became of it.
  /// Errors: throws `errc::missing_key` if there is none of that id,
  /// `errc::bad_flow` if its flow is not here or has changed.
  std::shared_ptr<run_core> resume(system_core& system, const std::string& id);
  /// Goes on with all that have not ended.
  std::vector<resumed_run> resume_all(system_core& system);
  /// Does what another process asks the owner of the store for; see
  /// `carry_out`. Called on a thread of the store.
  json on_request(system_core& system, const json& request);
  /// Puts all away that are at work, and carries out no more requests.
  void park() noexcept;

  void close() noexcept override { park(); }

 private:
  /// A flow whose runs this process can go on with.
  struct known_flow {
    flow work;
    /// `flow_shape` of it, as text.
    std::string shape;
  };

  /// A run that is to go on, up to its start.
  struct waiting_run {
    std::shared_ptr<run_core> run;
    run_record record;
  };

  json carry_out_request(system_core& system, const json& request);
  store_reader& reader(system_core& system);
  std::shared_ptr<run_core> find_live(std::string_view id);
  const known_flow& learn(const flow& work);
  const known_flow& flow_of(system_core& system, const run_record& record);
  std::shared_ptr<run_core> make_run(system_core& system, const flow& work,
                                     const run_record& record);
  std::shared_ptr<run_core> ended_run(system_core& system, const flow& work,
                                      const run_record& record);
  std::shared_ptr<run_core> find_started(
      system_core& system, const flow& work, const run_record& asked,
      const std::optional<started_run>& names);
  std::string id_in_earlier_life(system_core& system, const run_record& asked,
                                 started_run names);
  void go_on(system_core& system, waiting_run what, bool is_resumed);
  resumed_run resume_one(system_core& system, run_record record);
  void adapt(system_core& system, run_record& record, resume_point& point,
             const flow& work);
  void quarantine(system_core& system, const run_record& record,
                  const std::string& why);
  void start_waiting(system_core& system);
  void start_if_waiting(system_core& system, const run_core& run,
                        bool suspects_too);
  [[nodiscard]] static bool is_suspect(const waiting_run& what) noexcept;
  bool end_turn(std::string_view id) noexcept;
  void on_turn_over(system_core& system, const std::string& id);
  void on_ended(system_core& system, const std::string& id);

  /// Held over the reading of the store: two that start one id get one run.
  std::mutex mutex_;
  std::unique_ptr<store_reader> reader_;
  std::map<std::string, std::weak_ptr<run_core>, std::less<>> live_;
  std::map<std::string, known_flow, std::less<>> flows_;
  /// Runs that go on as soon as it is their turn.
  std::deque<waiting_run> waiting_;
  /// Those whose turn it is: they are on their way to the first thing that
  /// they keep, or for which they wait.
  std::set<std::string, std::less<>> turns_;
  /// Requests that are being carried out.
  std::size_t requests_ = 0;
  std::condition_variable request_ended_;
  /// The one of them that may take its process down.
  std::string suspect_;
  bool is_parked_ = false;
};

}  // namespace troupe::detail
