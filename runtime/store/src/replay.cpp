#include "troupe/printable.hpp"
#include "troupe/store/address.hpp"
#include "troupe/store/resume_point.hpp"

#include <utility>

namespace troupe::detail {

namespace {

/// Refuses what does not fit; `replay::add` says where.
[[noreturn]] void refuse_entry(const std::string& why) {
  throw error{errc::store_failed, why};
}

std::string named(std::string_view what, std::uint64_t number) {
  return std::string{what} + ' ' + std::to_string(number);
}

void forget_step(resume_point& at) {
  at.due_ms = 0;
  at.prepared.reset();
  at.results.clear();
  at.taken.clear();
  at.has_taken_all = false;
  at.ended.clear();
  at.branches.clear();
  at.effects.clear();
}

bool has_finished(const branch_end& end) noexcept {
  return end.how == branch_outcome::kind::finished;
}

}  // namespace

replay::replay(std::string run, state initial, part_source parts)
    : run_(std::move(run)),
      parts_(std::move(parts)),
      root_(std::make_shared<resume_point>()) {
  root_->document = std::move(initial);
}

void replay::add(const stored_entry& next) {
  const auto& entry = next.entry;
  try {
    if (next.number <= last_) {
      refuse_entry("it comes after " + named("entry", last_));
    }
    last_ = next.number;
    if (entry.what == log_entry::kind::event) return;
    if (auto* at = point_of(entry)) perform(*at, entry);
  } catch (const error& why) {
    std::string place = "cannot go on with the run '" + run_ + "': entry " +
                        std::to_string(next.number) + " (" +
                        std::string{to_string(entry.what)} + " of step " +
                        std::to_string(entry.step);
    if (!entry.address.empty()) {
      place += " in the sub-flow " +
               printable(entry.address, line_breaks::joined, 200);
    }
    throw error{errc::store_failed, place + ") does not fit: " + why.message()};
  }
}

std::shared_ptr<resume_point> replay::take() { return std::move(root_); }

/// The point that an entry is about; null if its step is committed already.
resume_point* replay::point_of(const log_entry& entry) {
  auto* at = root_.get();
  for (const auto part : parts_of_address(entry.address)) {
    if (part.step < at->steps) return nullptr;
    if (part.step > at->steps) {
      refuse_entry("it is about " + named("step", part.step) +
                   " around it, and " + named("step", at->steps) + " is next");
    }
    const auto end = at->ended.find(part.item);
    // An effect that was given up may end later.
    if (end != at->ended.end() && entry.what != log_entry::kind::effect_ended) {
      if (has_finished(end->second)) {
        refuse_entry(named("item", part.item) + " has finished before");
      }
      at->ended.erase(end);
    } else if (end != at->ended.end() && has_finished(end->second)) {
      return nullptr;
    }
    auto& branch = at->branches[part.item];
    if (!branch) branch = std::make_shared<resume_point>();
    at = branch.get();
  }
  return at;
}

void replay::perform(resume_point& at, const log_entry& entry) {
  switch (entry.what) {
    case log_entry::kind::step:
      on_step(at, entry);
      return;
    case log_entry::kind::snapshot:
      on_snapshot(at, entry);
      return;
    default:
      break;
  }
  if (entry.step < at.steps) return;
  if (entry.step > at.steps) {
    refuse_entry(named("step", at.steps) + " is next");
  }
  switch (entry.what) {
    case log_entry::kind::attempt:
      on_attempt(at, entry);
      return;
    case log_entry::kind::item_taken:
    case log_entry::kind::item_ended:
    case log_entry::kind::result:
      on_item(at, entry);
      return;
    default:
      on_effect(at, entry);
  }
}

void replay::on_step(resume_point& at, const log_entry& entry) {
  // A sub-flow that failed, or was cancelled, may have begun anew.
  if (&at != root_.get() && entry.step == 0 && at.steps != 0) {
    at = resume_point{};
  }
  if (entry.step < at.steps) {
    refuse_entry("it comes twice; " + named("step", at.steps) + " is next");
  }
  if (entry.step > at.steps) {
    refuse_entry(named("step", at.steps) + " is missing");
  }
  auto form = step_form::from(entry.body, parts_);
  if (&at == root_.get()) {
    at.document.apply(form.wrote);
  } else {
    at.wrote.push_back(std::move(form.wrote));
  }
  at.at = std::move(form.then);
  at.retries = form.retries;
  forget_step(at);
  ++at.steps;
}

void replay::on_attempt(resume_point& at, const log_entry& entry) {
  auto form = attempt_form::from(entry.body, parts_);
  // The next result of `prep` may be another one.
  if (form.then.at == position::stage::begin) {
    at.prepared.reset();
    at.results.clear();
  }
  if (form.prepared) at.prepared = std::move(form.prepared);
  at.at = std::move(form.then);
  at.due_ms = form.due_ms;
  at.retries = form.retries;
}

void replay::on_snapshot(resume_point& at, const log_entry& entry) {
  if (at.steps != 0 || at.at) {
    if (entry.step + 1 != at.steps) {
      refuse_entry("it holds all up to " + named("step", entry.step) +
                   ", and " + named("step", at.steps) + " is next");
    }
    return;
  }
  if (&at == root_.get() && entry.step >= log_entry::no_index) {
    refuse_entry("there is no step of that number");
  }
  auto form = snapshot_form::from(entry.body, parts_);
  if (&at == root_.get()) {
    at.document = std::move(form.document);
  } else {
    at.wrote = {std::move(form.wrote)};
  }
  at.at = std::move(form.then);
  at.retries = form.retries;
  at.steps = entry.step + 1;
}

void replay::on_item(resume_point& at, const log_entry& entry) {
  if (entry.index >= log_entry::no_index) refuse_entry("it names no item");
  if (entry.what == log_entry::kind::result) {
    at.results.insert_or_assign(entry.index, value_from(entry.body, parts_));
    return;
  }
  if (entry.what == log_entry::kind::item_taken) {
    auto params = value_from(entry.body, parts_);
    const auto [known, is_new] = at.taken.try_emplace(entry.index, params);
    if (!is_new && known->second != params) {
      refuse_entry(named("item", entry.index) + " was another one before");
    }
    if (entry.name == log_entry::last_item) at.has_taken_all = true;
    return;
  }
  auto end = branch_end_from(entry.body, parts_);
  if (end.index != entry.index) {
    refuse_entry("it holds the end of " + named("item", end.index));
  }
  const auto before = at.ended.find(entry.index);
  if (before != at.ended.end() && has_finished(before->second)) {
    refuse_entry(named("item", entry.index) + " has finished before");
  }
  if (has_finished(end)) at.branches.erase(entry.index);
  at.ended.insert_or_assign(entry.index, std::move(end));
}

void replay::on_effect(resume_point& at, const log_entry& entry) {
  if (entry.index > log_entry::no_index) refuse_entry("it names no item");
  auto& known = at.effects[{entry.index, entry.name}];
  if (known && !known->failure) {
    refuse_entry("the effect '" +
                 printable(entry.name, line_breaks::joined, 200) +
                 "' has ended before");
  }
  if (entry.what == log_entry::kind::effect_begun) {
    known.reset();
  } else {
    known = effect_form::from(entry.body, parts_);
  }
}

}  // namespace troupe::detail
