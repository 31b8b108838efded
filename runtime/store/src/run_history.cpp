#include "troupe/store/run_history.hpp"

#include "stored_runs.hpp"
#include "troupe/store/address.hpp"
#include "troupe/store/resume_point.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

namespace troupe {

namespace {

constexpr auto last_number =
    static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

/// Makes steps of entries: an entry tells the place after its step, and thus
/// where the next one is.
class step_reader {
 public:
  explicit step_reader(store_reader& reader)
      : parts_(detail::parts_of_store(reader)) {}

  std::optional<history_step> add(const stored_entry& next) {
    const auto& entry = next.entry;
    if (entry.what == log_entry::kind::item_ended) {
      places_.erase(
          detail::address_within(entry.address, {entry.step, entry.index}));
      return std::nullopt;
    }
    auto& known = places_[entry.address];
    if (entry.what == log_entry::kind::attempt) {
      const auto form = detail::attempt_form::from(entry.body, parts_);
      if (known.step != entry.step) known.attempts = 0;
      known.step = entry.step;
      ++known.attempts;
      known.node = detail::joined_path(form.then.path);
      return std::nullopt;
    }
    if (entry.what == log_entry::kind::snapshot) {
      const auto form = detail::snapshot_form::from(entry.body, parts_);
      known = {entry.step + 1, 0, detail::joined_path(form.then.path)};
      return std::nullopt;
    }
    if (entry.what != log_entry::kind::step) return std::nullopt;
    const auto form = detail::step_form::from(entry.body, parts_);
    history_step made;
    made.number = next.number;
    made.address = entry.address;
    made.step = entry.step;
    if (known.step == entry.step) {
      made.node = known.node;
      made.attempts = known.attempts + 1;
    }
    made.action = std::string{form.action.name()};
    made.at_ms = next.at_ms;
    made.writes = form.wrote.size();
    made.bytes = entry.body.text.size();
    known = {entry.step + 1, 0, detail::joined_path(form.then.path)};
    forget_within(entry.address);
    return made;
  }

 private:
  struct next_step {
    std::uint64_t step = 0;
    std::uint32_t attempts = 0;
    std::string node{};
  };

  /// The sub-flows of a step end with it.
  void forget_within(const std::string& address) {
    if (places_.size() < 2) return;
    if (address.empty()) {
      places_.erase(std::next(places_.begin()), places_.end());
      return;
    }
    const auto begin = places_.lower_bound(address + '/');
    const auto end = places_.lower_bound(address + char{'/' + 1});
    places_.erase(begin, end);
  }

  detail::part_source parts_;
  std::map<std::string, next_step, std::less<>> places_;
};

}  // namespace

void visit_history(store_reader& reader, const std::string& id,
                   const step_visitor& visit) {
  const auto which = detail::find_stored(reader, id);
  step_reader steps{reader};
  reader.entries(which.id, 0, last_number, [&](const stored_entry& each) {
    const auto made = steps.add(each);
    return !made || visit(*made);
  });
}

std::vector<history_step> run_history(store_reader& reader,
                                      const std::string& id,
                                      std::uint64_t after, std::size_t limit) {
  std::vector<history_step> found;
  visit_history(reader, id, [&](const history_step& each) {
    if (each.number > after && found.size() < limit) found.push_back(each);
    return found.size() < limit;
  });
  return found;
}

state state_at(store_reader& reader, const std::string& id,
               std::string_view address, std::optional<std::uint64_t> step) {
  const auto which = detail::find_stored(reader, id);
  if (step) return detail::read_at(reader, which, address, *step).document;
  return state{detail::value_from(which.input, detail::parts_of_store(reader))};
}

state last_state(store_reader& reader, const std::string& id) {
  const auto which = detail::find_stored(reader, id);
  return detail::read_resume_point(reader, which)->document;
}

// -- differences --------------------------------------------------------------

namespace {

std::string escaped(std::string_view key) {
  std::string text;
  for (const char each : key) {
    if (each == '~') {
      text += "~0";
    } else if (each == '/') {
      text += "~1";
    } else {
      text += each;
    }
  }
  return text;
}

class comparison {
 public:
  explicit comparison(std::size_t limit) : limit_(limit) {}

  void compare(const std::string& path, const value& before,
               const value& after) {
    if (found_.size() >= limit_ || before == after) return;
    if (before.is_object() && after.is_object()) {
      compare_members(path, before, after);
    } else if (before.is_array() && after.is_array()) {
      compare_elements(path, before, after);
    } else {
      found_.push_back({path, before, after});
    }
  }

  std::vector<difference> take() {
    if (found_.size() > limit_) found_.resize(limit_);
    return std::move(found_);
  }

 private:
  void compare_members(const std::string& path, const value& before,
                       const value& after) {
    for (const auto& [key, item] : before.members()) {
      const auto place = path + '/' + escaped(key);
      if (after.contains(key)) {
        compare(place, item, after.at(key));
      } else {
        found_.push_back({place, value{item}, std::nullopt});
      }
      if (found_.size() >= limit_) return;
    }
    for (const auto& [key, item] : after.members()) {
      if (before.contains(key)) continue;
      found_.push_back({path + '/' + escaped(key), std::nullopt, value{item}});
      if (found_.size() >= limit_) return;
    }
  }

  void compare_elements(const std::string& path, const value& before,
                        const value& after) {
    const auto both = std::max(before.size(), after.size());
    for (std::size_t i = 0; i < both && found_.size() < limit_; ++i) {
      const auto place = path + '/' + std::to_string(i);
      if (i >= before.size()) {
        found_.push_back({place, std::nullopt, after.at(i)});
      } else if (i >= after.size()) {
        found_.push_back({place, before.at(i), std::nullopt});
      } else {
        compare(place, before.at(i), after.at(i));
      }
    }
  }

  std::size_t limit_;
  std::vector<difference> found_;
};

}  // namespace

std::vector<difference> differences(const value& before, const value& after,
                                    std::size_t limit) {
  comparison all{limit};
  all.compare({}, before, after);
  auto found = all.take();
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  return found;
}

}  // namespace troupe
