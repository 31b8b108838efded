// Reads runs from a store: from where they go on, and how they were before.

#include "troupe/printable.hpp"
#include "troupe/store/address.hpp"
#include "troupe/store/resume_point.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace troupe::detail {

namespace {

// Numbers in a database are signed.
constexpr auto last_number =
    static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

part_source parts_in(store_reader& from) {
  return [&from](std::string_view hash) { return from.part(hash); };
}

state initial_state(const run_record& which, const part_source& parts) {
  try {
    return state{value_from(which.input, parts)};
  } catch (const error& why) {
    throw error{errc::store_failed, "the initial state of the run '" +
                                        which.id +
                                        "' cannot be read: " + why.message()};
  }
}

[[noreturn]] void refuse_missing(const run_record& which,
                                 std::string_view address, std::uint64_t step) {
  std::string text =
      "the run '" + which.id + "' has no step " + std::to_string(step);
  if (!address.empty()) {
    text += " in the sub-flow " + printable(address, line_breaks::joined, 200);
  }
  throw error{errc::missing_key,
              text + ", or it has been removed from its history"};
}

/// Reads the states of one run.
class history_reader {
 public:
  history_reader(store_reader& from, const run_record& which)
      : from_(from), which_(which), parts_(parts_in(from)) {}

  snapshot_form after(std::string_view address, std::uint64_t step) {
    return address.empty() ? of_run(step) : of_sub_flow(address, step);
  }

 private:
  /// The state that step `step` begins with.
  state before(std::string_view address, std::uint64_t step) {
    if (step != 0) return after(address, step - 1).document;
    if (address.empty()) return initial_state(which_, parts_);
    return begun(address);
  }

  /// The state that a sub-flow begins with: that of the flow around it, and, if
  /// the items run one by one, with what those before it wrote. That is also
  /// harmless for what runs at once.
  state begun(std::string_view address) {
    const auto part = parts_of_address(address).back();
    const std::string around{address_around(address)};
    state made = before(around, part.step);
    std::map<std::uint64_t, delta> wrote;
    visit(address, [&](const stored_entry& each) {
      const auto& entry = each.entry;
      if (entry.address == address) return false;
      if (entry.what == log_entry::kind::item_ended &&
          entry.address == around && entry.step == part.step &&
          entry.index < part.item) {
        wrote[entry.index] = branch_end_from(entry.body, parts_).wrote;
      }
      return true;
    });
    for (const auto& [item, each] : wrote) made.apply(each);
    return made;
  }

  snapshot_form of_run(std::uint64_t step) {
    const auto last = std::min(step, log_entry::no_index);
    const auto snapshot = from_.snapshot(which_.id, {}, last);
    replay reader{which_.id, snapshot ? state{} : initial_state(which_, parts_),
                  parts_};
    bool is_found = false;
    std::uint64_t after = 0;
    if (snapshot) {
      reader.add(*snapshot);
      is_found = snapshot->entry.step == step;
      after = snapshot->number;
    }
    bool is_pruned = false;
    if (!is_found) {
      std::optional<std::uint64_t> next;
      if (snapshot) next = snapshot->entry.step + 1;
      from_.entries(which_.id, after, last_number,
                    [&](const stored_entry& each) {
                      const auto& entry = each.entry;
                      if (!entry.address.empty()) return true;
                      if (entry.what == log_entry::kind::snapshot && !next) {
                        is_pruned = true;
                        return false;
                      }
                      if (entry.what != log_entry::kind::step) return true;
                      if (!next && entry.step != 0) {
                        is_pruned = true;
                        return false;
                      }
                      next = entry.step + 1;
                      reader.add(each);
                      is_found = entry.step == step;
                      return !is_found;
                    });
    }
    if (!is_found || is_pruned) refuse_missing(which_, {}, step);
    const auto point = reader.take();
    snapshot_form made;
    made.then = *point->at;
    made.document = std::move(point->document);
    made.retries = point->retries;
    return made;
  }

  snapshot_form of_sub_flow(std::string_view address, std::uint64_t step) {
    snapshot_form made;
    made.document = begun(address);
    made.document.record();
    std::uint64_t next = 0;
    const auto last = std::min(step, log_entry::no_index);
    std::uint64_t since = 0;
    if (const auto known = from_.snapshot(which_.id, address, last)) {
      auto form = snapshot_form::from(known->entry.body, parts_);
      made.document.apply(form.wrote);
      made.then = std::move(form.then);
      made.retries = form.retries;
      next = known->entry.step + 1;
      since = known->number;
    }
    visit(address, [&](const stored_entry& each) {
      if (next > step) return false;
      const auto& entry = each.entry;
      if (each.number <= since || entry.address != address ||
          entry.what != log_entry::kind::step) {
        return true;
      }
      // It may have begun anew after a failure.
      if (entry.step == 0 && next != 0) {
        made = {};
        made.document = begun(address);
        made.document.record();
        next = 0;
      }
      if (entry.step != next) refuse_missing(which_, address, step);
      auto form = step_form::from(entry.body, parts_);
      made.document.apply(form.wrote);
      made.then = std::move(form.then);
      made.retries = form.retries;
      ++next;
      return true;
    });
    if (next <= step) refuse_missing(which_, address, step);
    made.wrote = made.document.take_delta();
    return made;
  }

  /// The entries since the last snapshot of the run before `address` began.
  void visit(std::string_view address, const store_reader::visitor& each) {
    const auto step = parts_of_address(address).front().step;
    std::uint64_t after = 0;
    if (step != 0) {
      const auto known = from_.snapshot(
          which_.id, {}, std::min(step - 1, log_entry::no_index));
      if (known) after = known->number;
    }
    from_.entries(which_.id, after, last_number, each);
  }

  store_reader& from_;
  const run_record& which_;
  part_source parts_;
};

}  // namespace

std::shared_ptr<resume_point> read_resume_point(store_reader& from,
                                                const run_record& which) {
  const auto parts = parts_in(from);
  const auto snapshot = from.snapshot(which.id, {}, log_entry::no_index);
  replay reader{which.id, snapshot ? state{} : initial_state(which, parts),
                parts};
  if (snapshot) reader.add(*snapshot);
  from.entries(which.id, snapshot ? snapshot->number : 0, last_number,
               [&](const stored_entry& each) {
                 reader.add(each);
                 return true;
               });
  return reader.take();
}

snapshot_form read_at(store_reader& from, const run_record& which,
                      std::string_view address, std::uint64_t step) {
  try {
    return history_reader{from, which}.after(address, step);
  } catch (const error& why) {
    if (why.code() == errc::store_failed || why.code() == errc::missing_key) {
      throw;
    }
    throw error{errc::store_failed, "the state of the run '" + which.id +
                                        "' after step " + std::to_string(step) +
                                        " cannot be read: " + why.message()};
  }
}

bool snapshot_rule::is_due_after(std::size_t bytes) noexcept {
  since_ += std::min(bytes, std::numeric_limits<std::size_t>::max() - since_);
  return since_ >= std::max(last_, snapshot_min);
}

void snapshot_rule::on_snapshot(std::size_t bytes) noexcept {
  last_ = bytes;
  since_ = 0;
}

}  // namespace troupe::detail
