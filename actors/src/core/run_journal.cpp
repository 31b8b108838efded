#include "core/run_journal.hpp"

#include <utility>

namespace troupe::detail {

void run_journal::begin(const waker& who) {
  store_.begin(record_, {}, [who](begun_run how) {
    who(caf::make_counted<begun_answer>(std::move(how)));
  });
}

void run_journal::end_turn() {
  if (on_turn_over_ && !is_turn_over_.exchange(true)) on_turn_over_();
}

void run_journal::commit(std::vector<log_entry> entries, run_change change,
                         const waker& who) {
  if (!entries.empty()) end_turn();
  store_.submit({record_.id, record_.how, std::move(entries), std::move(change),
                 [who](const commit_result& how) {
                   who(caf::make_counted<commit_answer>(how));
                 }});
}

void run_journal::commit(std::vector<log_entry> entries, run_change change) {
  if (!entries.empty()) end_turn();
  store_.submit({record_.id, record_.how, std::move(entries), std::move(change),
                 nullptr});
}

}  // namespace troupe::detail
