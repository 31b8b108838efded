#include "document/recorder.hpp"

#include "document/arithmetic.hpp"
#include "document/path.hpp"

#include <algorithm>
#include <utility>

namespace troupe::detail {

namespace {

using kind = delta::kind;

constexpr std::size_t scanned_at_most = 8;

// Marks what a later write made void.
constexpr kind dropped{0xff};

bool replaces(kind what) noexcept {
  return what == kind::set || what == kind::erase;
}

bool is_below(std::string_view pointer, std::string_view above) noexcept {
  return pointer.size() > above.size() && pointer[above.size()] == '/' &&
         pointer.substr(0, above.size()) == above;
}

}  // namespace

recorder::operation* recorder::find(std::string_view pointer) {
  if (index_) {
    const auto found = index_->find(pointer);
    return found == index_->end() ? nullptr : &operations_[found->second];
  }
  for (operation& noted : operations_) {
    if (noted.path == pointer) return &noted;
  }
  return nullptr;
}

// Returns whether a noted operation above covers `pointer`.
bool recorder::lies_within_noted(const value& document,
                                 std::string_view pointer) {
  const auto covers = [&](operation& above) {
    if (above.what == kind::append) {
      // Elements that this recording appended travel with the append.
      path_reader below{pointer.substr(above.path.size())};
      const auto position = position_of(below.next());
      const std::size_t before =
          document.find(above.path)->size() - above.operand.get<std::size_t>();
      return position && *position >= before;
    }
    // An erased place holds something again.
    if (above.what == kind::erase) above.what = kind::set;
    return above.what == kind::set;
  };
  if (index_) {
    for (std::size_t end = 0; end != pointer.npos && end < pointer.size();
         end = pointer.find('/', end + 1)) {
      operation* above = find(pointer.substr(0, end));
      if (above != nullptr && covers(*above)) return true;
    }
    return false;
  }
  return std::any_of(operations_.begin(), operations_.end(),
                     [&](operation& above) {
                       return is_below(pointer, above.path) && covers(above);
                     });
}

void recorder::note(const value& document, kind what, std::string pointer,
                    const value& operand) {
  if (operation* noted = find(pointer)) {
    const bool replaced = replaces(noted->what);
    combine(*noted, what, operand);
    if (!replaced && replaces(noted->what)) drop_below(pointer);
    return;
  }
  if (lies_within_noted(document, pointer)) return;
  if (replaces(what)) drop_below(pointer);
  if (!index_ && operations_.size() == scanned_at_most) {
    index_ =
        std::make_unique<std::map<std::string, std::size_t, std::less<>>>();
    for (std::size_t i = 0; i != operations_.size(); ++i) {
      index_->emplace(operations_[i].path, i);
    }
  }
  if (index_) index_->emplace(pointer, operations_.size());
  operations_.push_back({what, std::move(pointer), operand});
}

void recorder::combine(operation& noted, kind what, const value& operand) {
  if (noted.what != what) {
    // The result of both is what the document holds.
    noted.what = what == kind::erase ? kind::erase : kind::set;
    return;
  }
  const value& before = noted.operand;
  switch (what) {
    case kind::append:
    case kind::add:
      noted.operand = arithmetic::sum(before, operand);
      break;
    case kind::min:
      if (arithmetic::less(operand, before)) noted.operand = operand;
      break;
    case kind::max:
      if (arithmetic::less(before, operand)) noted.operand = operand;
      break;
    case kind::set:
    case kind::erase:
      break;
  }
}

void recorder::drop_below(const std::string& pointer) {
  if (!index_) {
    std::erase_if(operations_, [&](const operation& noted) {
      return is_below(noted.path, pointer);
    });
    return;
  }
  // '0' comes right after '/'.
  const auto first = index_->lower_bound(pointer + '/');
  const auto last = index_->lower_bound(pointer + '0');
  for (auto at = first; at != last; ++at) {
    operations_[at->second].what = dropped;
  }
  index_->erase(first, last);
}

std::vector<delta::operation> recorder::take(const value& document) {
  std::erase_if(operations_,
                [](const operation& noted) { return noted.what == dropped; });
  for (operation& noted : operations_) {
    if (noted.what == kind::erase) noted.operand = nullptr;
    if (noted.what == kind::set) noted.operand = *document.find(noted.path);
    if (noted.what == kind::append) {
      const value& all = *document.find(noted.path);
      value added = value::array();
      for (std::size_t i = all.size() - noted.operand.get<std::size_t>();
           i != all.size(); ++i) {
        added = std::move(added).appended(all.at(i));
      }
      noted.operand = std::move(added);
    }
  }
  index_.reset();
  return std::move(operations_);
}

}  // namespace troupe::detail
