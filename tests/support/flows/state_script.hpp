#pragma once

#include <troupe/error.hpp>
#include <troupe/state.hpp>

#include <rapidcheck.h>

#include <cstddef>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace troupe_test {

/// One random write, performed on a state and on a plain JSON document.
struct write {
  enum class kind { set, erase, append, add, min, max, merge };
  kind what;
  std::vector<std::string> tokens;
  troupe::json operand;
};

inline std::ostream& operator<<(std::ostream& out, const write& shown) {
  out << static_cast<int>(shown.what) << " at";
  for (const std::string& token : shown.tokens) out << " [" << token << ']';
  return out << ' ' << shown.operand.dump();
}

/// Few keys, so that writes meet each other.
inline rc::Gen<std::string> any_token() {
  return rc::gen::element<std::string>("a", "b", "c", "0", "1", "2", "-", "x/y",
                                       "~", "");
}

inline rc::Gen<troupe::json> any_operand() {
  using troupe::json;
  return rc::gen::oneOf(
      rc::gen::map(rc::gen::inRange(-9, 10), [](int n) { return json(n); }),
      rc::gen::map(rc::gen::inRange(-9, 10),
                   [](int n) { return json(n / 2.0); }),
      rc::gen::element<json>(
          json(nullptr), json("text"), json::array(), json::object(),
          json::array({1, 2}), json::parse(R"({"a": {"b": [1, {"c": 2}]}})"),
          json::parse(R"({"a": null, "b": {"c": null, "0": 1}})")));
}

inline rc::Gen<write> any_write() {
  return rc::gen::build<write>(
      rc::gen::set(
          &write::what,
          rc::gen::map(rc::gen::inRange(0, 7),
                       [](int n) { return static_cast<write::kind>(n); })),
      rc::gen::set(
          &write::tokens,
          rc::gen::resize(
              4, rc::gen::container<std::vector<std::string>>(any_token()))),
      rc::gen::set(&write::operand, any_operand()));
}

inline rc::Gen<std::vector<write>> any_script() {
  return rc::gen::container<std::vector<write>>(any_write());
}

namespace detail {

inline bool is_position(const std::string& token, std::size_t end) {
  return token.size() == 1 && token[0] >= '0' &&
         static_cast<std::size_t>(token[0] - '0') < end;
}

// The place of `tokens`, made if missing, or null where a write must fail.
inline troupe::json* reach(troupe::json& document,
                           const std::vector<std::string>& tokens, bool make) {
  troupe::json* at = &document;
  for (const std::string& token : tokens) {
    if (at->is_discarded()) *at = troupe::json::object();
    if (at->is_array()) {
      const std::size_t size = at->size();
      const bool end = token == "-" || token == std::to_string(size);
      if (!is_position(token, size) && !(make && end)) return nullptr;
      if (end) at->push_back(troupe::json(troupe::json::value_t::discarded));
      at = &(*at)[end ? size : static_cast<std::size_t>(token[0] - '0')];
    } else if (at->is_object()) {
      const auto found = at->find(token);
      if (found == at->end()) {
        if (!make) return nullptr;
        (*at)[token] = troupe::json(troupe::json::value_t::discarded);
      }
      at = &(*at)[token];
    } else {
      return nullptr;
    }
  }
  return at;
}

// Returns whether the write is allowed; `document` is a copy to try it on.
inline bool apply(const write& each, troupe::json& document) {
  using kind = write::kind;
  const troupe::json& operand = each.operand;
  if (each.what == kind::erase) {
    if (each.tokens.empty()) return false;
    auto above = each.tokens;
    above.pop_back();
    troupe::json* holder = reach(document, above, false);
    const std::string& last = each.tokens.back();
    if (holder != nullptr && holder->is_object()) {
      holder->erase(last);
    } else if (holder != nullptr && holder->is_array() &&
               is_position(last, holder->size())) {
      holder->erase(static_cast<std::size_t>(last[0] - '0'));
    }
    return true;
  }
  troupe::json* at = reach(document, each.tokens, true);
  if (at == nullptr) return false;
  const bool missing = at->is_discarded();
  switch (each.what) {
    case kind::set:
      *at = operand;
      break;
    case kind::append:
      if (!missing && !at->is_array()) return false;
      if (missing) *at = troupe::json::array();
      at->push_back(operand);
      break;
    case kind::add:
    case kind::min:
    case kind::max: {
      if (!operand.is_number() || (!missing && !at->is_number())) return false;
      if (missing) {
        *at = operand;
      } else if (each.what != kind::add) {
        const bool less = operand < *at;
        const bool more = *at < operand;
        if (each.what == kind::min ? less : more) *at = operand;
      } else if (at->is_number_integer() && operand.is_number_integer()) {
        *at = at->get<long>() + operand.get<long>();
      } else {
        *at = at->get<double>() + operand.get<double>();
      }
      break;
    }
    case kind::merge:
      if (!operand.is_object()) return false;
      if (missing) *at = troupe::json::object();
      at->merge_patch(operand);
      break;
    case kind::erase:
      break;
  }
  return document.is_object();
}

inline void perform_on_state(const write& each, const std::string& path,
                             troupe::state& shared) {
  using kind = write::kind;
  switch (each.what) {
    case kind::set:
      return shared.set(path, each.operand);
    case kind::erase:
      shared.erase(path);
      return;
    case kind::append:
      return shared.append(path, each.operand);
    case kind::add:
      return shared.add(path, each.operand);
    case kind::min:
      return shared.min(path, each.operand);
    case kind::max:
      return shared.max(path, each.operand);
    case kind::merge:
      return shared.merge(path, each.operand);
  }
}

}  // namespace detail

/// Performs a write on both; what the model forbids, the state must refuse.
inline void perform(const write& each, troupe::state& shared,
                    troupe::json& model) {
  troupe::json::json_pointer pointer;
  for (const std::string& token : each.tokens) pointer /= token;
  troupe::json outcome = model;
  const bool allowed = detail::apply(each, outcome);
  bool performed = true;
  try {
    detail::perform_on_state(each, pointer.to_string(), shared);
  } catch (const troupe::error&) {
    performed = false;
  }
  shared.root().check();
  RC_ASSERT(performed == allowed);
  if (allowed) model = std::move(outcome);
}

}  // namespace troupe_test
