#include "troupe/merge.hpp"

#include "document/path.hpp"
#include "troupe/error.hpp"

#include <algorithm>
#include <cassert>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace troupe {

using kind = delta::kind;

namespace {

constexpr std::size_t nobody = static_cast<std::size_t>(-1);

// The writes of the branches at one place and below it.
struct mark {
  std::size_t branch = nobody;
  kind what = kind::set;
  // The value that was set; or the length of the array before the first append.
  value operand;
  // The branch that wrote below, and the other one.
  std::size_t below = nobody;
  std::size_t below_too = nobody;
  // A mark older than a reset above it says nothing.
  std::uint64_t made = 0;
  std::uint64_t reset = 0;
};

struct text_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept {
    return std::hash<std::string_view>{}(text);
  }
};

struct conflict {
  std::string_view place;
  std::size_t other;
  // Both set the same value.
  bool is_agreed = false;
};

bool is_other(std::size_t writer, std::size_t branch) noexcept {
  return writer != nobody && writer != branch;
}

bool sets_the_same(const mark& before, const delta::operation& write) {
  return write.what == kind::set && before.what == kind::set &&
         before.operand == write.operand;
}

bool refuses(on_conflict rule) {
  return rule == on_conflict::error || rule == on_conflict::agree;
}

error conflict_error(const conflict& found, std::size_t branch) {
  const std::string branches = "branches " + std::to_string(found.other) +
                               " and " + std::to_string(branch);
  const std::string place = " \"" + std::string{found.place} + "\"";
  if (!found.is_agreed) {
    return {errc::merge_conflict,
            branches + " wrote" + place +
                " in ways that do not merge; count with add, collect with "
                "append, or name the winner by the fan-out's on_conflict"};
  }
  return {errc::merge_conflict,
          branches + " set" + place +
              " to the same value, so one of them may have missed a write of "
              "another; count with add, collect with append, or give the "
              "fan-out on_conflict::agree"};
}

// Returns whether a write below an append touches only what was there before
// it.
bool is_before_append(const mark& append, std::string_view below) {
  detail::path_reader reader{below};
  const auto position = detail::position_of(reader.next());
  return position && *position < append.operand.get<std::size_t>();
}

}  // namespace

struct merger::written {
  using operation = delta::operation;

  explicit written(on_conflict how) noexcept : rule{how} {}

  [[nodiscard]] std::optional<conflict> judge(const state& into,
                                              std::size_t branch,
                                              const operation& write) const;
  void note(const state& into, std::size_t branch, const operation& write);
  void take_back(state& into, std::string_view place);
  mark& at(std::string_view place);
  void check() const;

  on_conflict rule;
  // The state that all branches started from; kept for `on_conflict::last`
  // only.
  std::optional<state> base;
  std::unordered_map<std::string, mark, text_hash, std::equal_to<>> marks;
  std::uint64_t resets = 0;
};

std::optional<conflict> merger::written::judge(const state& into,
                                               std::size_t branch,
                                               const operation& write) const {
  const std::string_view path = write.path;
  std::uint64_t reset = 0;
  for (std::size_t end = 0; end < path.size();
       end = std::min(path.find('/', end + 1), path.size())) {
    const std::string_view above = path.substr(0, end);
    const auto found = marks.find(above);
    if (found == marks.end()) return std::nullopt;
    const mark& noted = found->second;
    reset = std::max(reset, noted.reset);
    if (noted.made < reset || !is_other(noted.branch, branch)) continue;
    if (noted.what == kind::append && is_before_append(noted, path.substr(end)))
      continue;
    return conflict{above, noted.branch};
  }
  const auto found = marks.find(path);
  if (found == marks.end()) return std::nullopt;
  const mark& noted = found->second;
  if (noted.made < std::max(reset, noted.reset)) return std::nullopt;
  if (is_other(noted.branch, branch)) {
    const bool is_agreed = sets_the_same(noted, write);
    const bool combines = write.what == kind::set
                              ? is_agreed && rule != on_conflict::error
                              : noted.what == write.what;
    if (!combines) return conflict{path, noted.branch, is_agreed};
  }
  const std::size_t below =
      is_other(noted.below, branch) ? noted.below : noted.below_too;
  if (is_other(below, branch)) {
    const value* held = into.find(path);
    const bool beside =
        write.what == kind::append && held != nullptr && held->is_array();
    if (!beside) return conflict{path, below};
  }
  return std::nullopt;
}

mark& merger::written::at(std::string_view place) {
  const auto found = marks.find(place);
  if (found != marks.end()) return found->second;
  return marks.emplace(place, mark{}).first->second;
}

// Notes a write that is about to happen.
void merger::written::note(const state& into, std::size_t branch,
                           const operation& write) {
  const std::string_view path = write.path;
  std::uint64_t reset = 0;
  const auto renew = [&](std::string_view place) -> mark& {
    mark& noted = at(place);
    reset = std::max(reset, noted.reset);
    if (noted.made < reset) {
      const std::uint64_t own_reset = noted.reset;
      noted = mark{};
      noted.reset = own_reset;
    }
    noted.made = resets;
    return noted;
  };
  for (std::size_t end = 0; end < path.size();
       end = std::min(path.find('/', end + 1), path.size())) {
    mark& above = renew(path.substr(0, end));
    if (is_other(above.below, branch)) {
      above.below_too = branch;
    } else {
      above.below = branch;
    }
  }
  mark& noted = renew(path);
  if (noted.branch != nobody && noted.what == write.what) return;
  noted.branch = branch;
  noted.what = write.what;
  noted.operand = write.operand;
  if (write.what == kind::append) {
    const value* held = into.find(path);
    noted.operand = held == nullptr ? std::size_t{0} : held->size();
  }
}

// Undoes what all branches did at `place` and below it.
void merger::written::take_back(state& into, std::string_view place) {
  if (const value* before = base->find(place)) {
    into.set(place, *before);
  } else {
    into.erase(place);
  }
  mark& noted = at(place);
  noted = mark{};
  noted.made = noted.reset = ++resets;
}

void merger::written::check() const {
#ifndef NDEBUG
  for (const auto& [path, noted] : marks) {
    const std::string_view place = path;
    assert(noted.made <= resets && noted.reset <= noted.made);
    assert(noted.below_too == nobody || noted.below_too != noted.below);
    assert(noted.below_too == nobody || noted.below != nobody);
    std::uint64_t reset = 0;
    for (std::size_t end = 0; end < place.size();
         end = std::min(place.find('/', end + 1), place.size())) {
      const auto found = marks.find(place.substr(0, end));
      assert(found != marks.end() && "above each mark there are marks");
      const mark& above = found->second;
      assert(above.made >= noted.made);
      reset = std::max(reset, above.reset);
      if (noted.made < reset || noted.branch == nobody) continue;
      assert((above.below == noted.branch || above.below_too != nobody) &&
             "who wrote below is known above");
    }
  }
#endif
}

merger::merger(on_conflict rule) : written_{std::make_unique<written>(rule)} {}

void merger::check() const { written_->check(); }

merger::merger(merger&&) noexcept = default;
merger& merger::operator=(merger&&) noexcept = default;
merger::~merger() = default;

void merger::merge(state& into, std::size_t branch, const delta& wrote) {
  written& noted = *written_;
  if (noted.rule == on_conflict::last && !noted.base) noted.base = into;
  if (refuses(noted.rule)) {
    for (const delta::operation& each : wrote.ops()) {
      if (const auto found = noted.judge(into, branch, each)) {
        throw conflict_error(*found, branch);
      }
    }
  }
  for (const delta::operation& each : wrote.ops()) {
    if (!refuses(noted.rule)) {
      // Going back below one place can uncover no conflict above it.
      if (const auto found = noted.judge(into, branch, each)) {
        if (noted.rule == on_conflict::first) continue;
        noted.take_back(into, std::string{found->place});
      }
    }
    noted.note(into, branch, each);
    into.apply(each);
  }
}

}  // namespace troupe
