#include "wire/cbor.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace troupe::remote::wire {

namespace {

// The first byte of a value has its major type in three bits, and in the other
// five a small number, or how long the number is that follows.
constexpr unsigned one_byte = 24;
constexpr unsigned two_bytes = 25;
constexpr unsigned four_bytes = 26;
constexpr unsigned eight_bytes = 27;

// Of major type 7, in the five bits.
constexpr unsigned simple_false = 20;
constexpr unsigned simple_true = 21;
constexpr unsigned simple_null = 22;

// About what JSON takes in memory with 64 bits, beyond the bytes of its texts:
// each value in its list, and what it keeps elsewhere.
constexpr std::size_t value_size = 16;
constexpr std::size_t text_size = 48;
constexpr std::size_t list_size = 48;
constexpr std::size_t object_size = 64;
constexpr std::size_t member_size = 32;

[[noreturn]] void refuse_many(std::size_t found, const char* what,
                              std::size_t max) {
  throw error{errc::bad_value, "it has " + std::to_string(found) + " " + what +
                                   ", more than " + std::to_string(max)};
}

double from_half(std::uint64_t half) {
  const auto exponent = static_cast<int>(half >> 10 & 0x1f);
  const auto fraction = static_cast<double>(half & 0x3ff);
  double made = 0;
  if (exponent == 0) {
    made = std::ldexp(fraction, -24);
  } else if (exponent != 31) {
    made = std::ldexp(fraction + 1024, exponent - 25);
  } else {
    made = fraction == 0 ? std::numeric_limits<double>::infinity()
                         : std::numeric_limits<double>::quiet_NaN();
  }
  return (half & 0x8000) != 0 ? -made : made;
}

}  // namespace

// -- writing ------------------------------------------------------------------

template <class Out>
void cbor_writer<Out>::big_endian(std::uint64_t number, int size) {
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) {
    byte(static_cast<unsigned>(number >> shift & 0xff));
  }
}

template <class Out>
void cbor_writer<Out>::head(unsigned major, std::uint64_t number) {
  const unsigned type = major << 5;
  if (number < one_byte) {
    byte(type | static_cast<unsigned>(number));
  } else if (number <= 0xff) {
    byte(type | one_byte);
    big_endian(number, 1);
  } else if (number <= 0xffff) {
    byte(type | two_bytes);
    big_endian(number, 2);
  } else if (number <= 0xffffffff) {
    byte(type | four_bytes);
    big_endian(number, 4);
  } else {
    byte(type | eight_bytes);
    big_endian(number, 8);
  }
}

template <class Out>
void cbor_writer<Out>::run(unsigned major, const void* from, std::size_t size) {
  head(major, size);
  // A little more than that, or what follows a long run doubles it.
  const auto needed = out_.size() + size + 64;
  if (needed > out_.capacity() && size >= 64) {
    out_.reserve(std::max(needed, 2 * out_.capacity()));
  }
  const auto* first = static_cast<const typename Out::value_type*>(from);
  out_.insert(out_.end(), first, first + size);
}

template <class Out>
void cbor_writer<Out>::real(double number) {
  byte(7U << 5 | eight_bytes);
  big_endian(std::bit_cast<std::uint64_t>(number), 8);
}

template <class Out>
void cbor_writer<Out>::add(const json& form, std::size_t depth_left) {
  if (depth_left == 0 && form.is_structured()) {
    throw error{errc::bad_value, "JSON nests deeper than " +
                                     std::to_string(depth_max) + " levels"}
        .permanent();
  }
  switch (form.type()) {
    case json::value_t::boolean:
      add(form.get<bool>());
      break;
    case json::value_t::number_integer:
      add(form.get<std::int64_t>());
      break;
    case json::value_t::number_unsigned:
      add(form.get<std::uint64_t>());
      break;
    case json::value_t::number_float:
      real(form.get<double>());
      break;
    case json::value_t::string:
      add(form.get_ref<const std::string&>());
      break;
    case json::value_t::binary:
      add(static_cast<const bytes&>(form.get_binary()));
      break;
    case json::value_t::array:
      list(form.size());
      for (const auto& each : form) add(each, depth_left - 1);
      break;
    case json::value_t::object:
      head(5, form.size());
      for (const auto& each : form.items()) {
        add(each.key());
        add(each.value(), depth_left - 1);
      }
      break;
    default:
      byte(7U << 5 | simple_null);
  }
}

template <class Out>
void cbor_writer<Out>::add(const value& what) {
  if (what.is_object()) {
    head(5, what.size());
    for (const auto [key, each] : what.members()) {
      add(key);
      add(each);
    }
  } else if (what.is_array()) {
    list(what.size());
    for (const value& each : what) add(each);
  } else if (what.is_string()) {
    add(what.get<std::string_view>());
  } else {
    add(what.to_json());
  }
}

template class cbor_writer<std::string>;
template class cbor_writer<bytes>;

// -- reading ------------------------------------------------------------------

void cbor_reader::refuse(const char* what) {
  throw error{errc::bad_value, what};
}

std::uint64_t cbor_reader::big_endian(std::size_t size) {
  if (rest_.size() < size) refuse("the message ends too early");
  std::uint64_t number = 0;
  for (const char each : rest_.substr(0, size)) {
    number = number << 8 | static_cast<unsigned char>(each);
  }
  rest_.remove_prefix(size);
  return number;
}

cbor_reader::item cbor_reader::head() {
  const auto first = static_cast<unsigned>(big_endian(1));
  item found{first >> 5, first & 0x1f, first & 0x1f};
  if (found.info > eight_bytes) refuse("unsupported CBOR length");
  if (found.info >= one_byte) {
    found.number = big_endian(std::size_t{1} << (found.info - one_byte));
  }
  return found;
}

// An item with a length is at least as long as that, so that a false length is
// seen before memory is taken for it.
std::size_t cbor_reader::length(unsigned major) {
  const auto found = head();
  if (found.major != major) refuse("unexpected CBOR type");
  if (found.number > rest_.size()) refuse("the message ends too early");
  return found.number;
}

std::size_t cbor_reader::list_within(std::size_t max, const char* what) {
  const auto size = list();
  if (size > max) refuse_many(size, what, max);
  return size;
}

std::size_t cbor_reader::members_within(std::size_t max, const char* what) {
  const auto size = length(5);
  if (size > max) refuse_many(size, what, max);
  return size;
}

std::string cbor_reader::text_within(std::size_t max, const char* what) {
  const auto size = length(3);
  if (size > max) {
    throw error{errc::bad_value,
                std::string{what} + " has " + std::to_string(size) +
                    " bytes, more than " + std::to_string(max)};
  }
  std::string text{rest_.substr(0, size)};
  rest_.remove_prefix(size);
  return text;
}

void cbor_reader::charge(std::size_t memory) {
  if (memory > memory_left_) refuse("the message would take too much memory");
  memory_left_ -= memory;
}

std::string_view cbor_reader::run(const item& of) {
  if (of.number > rest_.size()) refuse("the message ends too early");
  const auto found = rest_.substr(0, of.number);
  rest_.remove_prefix(of.number);
  return found;
}

void cbor_reader::read(bool& into) {
  const auto found = head();
  if (found.major != 7 ||
      (found.info != simple_false && found.info != simple_true)) {
    refuse("expected a boolean");
  }
  into = found.info == simple_true;
}

void cbor_reader::read(std::string& into) {
  const auto size = length(3);
  into.assign(rest_.substr(0, size));
  rest_.remove_prefix(size);
}

void cbor_reader::read(bytes& into) {
  const auto size = length(2);
  into.assign(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(size));
  rest_.remove_prefix(size);
}

void cbor_reader::read(std::set<std::string>& into) {
  auto left = list();
  for (charge(left * node_size); left > 0; --left) {
    into.insert(next<std::string>());
  }
}

std::size_t cbor_reader::skip() {
  return pass(std::numeric_limits<std::size_t>::max());
}

void cbor_reader::read(json& into) {
  cbor_reader ahead{rest_};
  memory_left_ -= ahead.pass(memory_left_);
  into = tree();
}

// Passes over one value without recursion, and so without memory for it.
std::size_t cbor_reader::pass(std::size_t memory_allowed) {
  std::array<std::uint64_t, depth_max> left;
  std::size_t depth = 0;
  std::size_t memory = 0;
  do {
    if (depth > 0) --left[depth - 1];
    const auto found = head();
    memory += value_size;
    std::uint64_t inside = 0;
    switch (found.major) {
      case 2:
      case 3:
        static_cast<void>(run(found));
        memory += text_size;
        break;
      case 4:
      case 5:
        // Each takes a byte at least.
        if (found.number > rest_.size() / (found.major - 3)) {
          refuse("the message ends too early");
        }
        inside = found.number * (found.major - 3);
        memory += found.major == 4 ? list_size
                                   : object_size + found.number * member_size;
        if (depth == depth_max) refuse("the message is nested too deeply");
        left[depth++] = inside;
        break;
      case 6:
        refuse("CBOR tags are not supported");
      default:
        break;
    }
    if (memory > memory_allowed) {
      refuse("the message would take too much memory");
    }
    while (depth > 0 && left[depth - 1] == 0) --depth;
  } while (depth > 0);
  return memory;
}

// The item was passed over before, so its depth is known.
json cbor_reader::tree() {
  const auto found = head();
  switch (found.major) {
    case 0:
      return found.number;
    case 1:
      if (found.number > std::numeric_limits<std::int64_t>::max()) {
        refuse("a number is too small");
      }
      return static_cast<std::int64_t>(~found.number);
    case 2: {
      const auto body = run(found);
      return json::binary(bytes{body.begin(), body.end()});
    }
    case 3:
      return std::string{run(found)};
    case 4:
      return list_of(found);
    case 5:
      return members_of(found);
    case 7:
      return simple(found);
    default:
      refuse("CBOR tags are not supported");
  }
}

json cbor_reader::list_of(const item& of) {
  json made = json::array();
  auto& elements = made.get_ref<json::array_t&>();
  elements.reserve(of.number);
  for (auto left = of.number; left > 0; --left) elements.push_back(tree());
  return made;
}

json cbor_reader::members_of(const item& of) {
  json made = json::object();
  auto& members = made.get_ref<json::object_t&>();
  for (auto left = of.number; left > 0; --left) {
    auto key = next<std::string>();
    members.insert_or_assign(members.end(), std::move(key), tree());
  }
  return made;
}

json cbor_reader::simple(const item& of) {
  switch (of.info) {
    case simple_false:
      return false;
    case simple_true:
      return true;
    case simple_null:
      return nullptr;
    case two_bytes:
      return from_half(of.number);
    case four_bytes:
      return static_cast<double>(
          std::bit_cast<float>(static_cast<std::uint32_t>(of.number)));
    case eight_bytes:
      return std::bit_cast<double>(of.number);
    default:
      refuse("unknown CBOR simple value");
  }
}

}  // namespace troupe::remote::wire
