// Whatever a store holds: it is read, or refused by `errc::store_failed`. A
// value that is read is stored as the same again. The first byte says what the
// rest is: a form, the entries of a run, or two shapes of a flow.

#include <troupe/store/address.hpp>
#include <troupe/store/flow_shape.hpp>
#include <troupe/store/resume_point.hpp>
#include <troupe/store/stored_forms.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

namespace {

using troupe::stored_text;

void require(bool holds) {
  if (!holds) std::abort();
}

/// Any part is a list that refers to another one.
std::string some_part(std::string_view hash) {
  return R"([1,{"$part":")" + std::string{hash} + R"("}])";
}

template <class Read>
void read_or_refuse(const Read& read) {
  try {
    read();
  } catch (const troupe::error& why) {
    require(why.code() == troupe::errc::store_failed);
  }
}

void read_forms(const stored_text& form) {
  using namespace troupe::detail;
  read_or_refuse([&] {
    const auto read = value_from(form, some_part);
    const auto again = stored_form(read);
    require(value_from(again, nullptr).dump() == read.dump());
  });
  read_or_refuse([&] {
    const auto read = step_form::from(form, some_part);
    const auto again = step_form::from(read.to_text(), nullptr);
    require(again.wrote.to_json() == read.wrote.to_json());
  });
  read_or_refuse([&] { (void)attempt_form::from(form, some_part).to_text(); });
  read_or_refuse([&] { (void)snapshot_form::from(form, some_part).to_text(); });
  read_or_refuse([&] { (void)stored_form(branch_end_from(form, some_part)); });
  read_or_refuse([&] { (void)effect_form::from(form, some_part).to_text(); });
  read_or_refuse([&] { (void)end_form::from(form.text).to_text(); });
}

std::string_view take_word(std::string_view& text, char end) {
  const auto at = text.find(end);
  const auto word = text.substr(0, at);
  text.remove_prefix(at == text.npos ? text.size() : at + 1);
  return word;
}

std::uint64_t number_of(std::string_view word) {
  std::uint64_t made = 0;
  std::from_chars(word.data(), word.data() + word.size(), made);
  return made;
}

/// A line for each entry: kind, address, step, index, name, body.
void replay_entries(std::string_view text) {
  troupe::detail::replay reader{"r", {}, some_part};
  read_or_refuse([&] {
    for (std::uint64_t number = 1; !text.empty(); ++number) {
      auto line = take_word(text, '\n');
      troupe::stored_entry next;
      next.number = number;
      auto& entry = next.entry;
      const auto kind = troupe::log_entry_kind(
          static_cast<std::int64_t>(number_of(take_word(line, ' '))));
      if (!kind) continue;
      entry.what = *kind;
      entry.address = std::string{take_word(line, ' ')};
      entry.step = number_of(take_word(line, ' '));
      entry.index = number_of(take_word(line, ' '));
      entry.name = std::string{take_word(line, ' ')};
      entry.body.text = std::string{line};
      reader.add(next);
    }
  });
  require(reader.take() != nullptr);
}

void compare_shapes(std::string_view text) {
  using troupe::detail::flow_shape;
  read_or_refuse([&] {
    const auto before = flow_shape::from(take_word(text, '\n'));
    const auto now = flow_shape::from(take_word(text, '\n'));
    (void)troupe::detail::changes_between(before, now);
    troupe::detail::resume_point at;
    at.at.emplace();
    at.at->path = {"a", "b"};
    at.at->at = troupe::position::stage::fan_out;
    (void)troupe::detail::effect_of_change(before, now, at);
    at.at->path.clear();
    (void)troupe::detail::effect_of_change(before, now, at);
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 1,
                               size - 1};
  switch (data[0] % 3) {
    case 0:
      read_forms({std::string{bytes}, {}});
      return 0;
    case 1:
      replay_entries(bytes);
      return 0;
    default:
      compare_shapes(bytes);
      return 0;
  }
}
