#pragma once

#include <troupe/value.hpp>

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <utility>

namespace troupe_test {

/// Makes values of all kinds, with what is easily lost: the type of a number,
/// the sign of zero, odd keys, texts around the size that is kept apart.
class random_values {
 public:
  explicit random_values(std::uint32_t seed) : random_(seed) {}

  /// One that nests `depth` deep at most.
  troupe::value next(std::size_t depth) {
    switch (below(depth == 0 ? 7 : 10)) {
      case 0:
        return {};
      case 1:
        return below(2) == 0;
      case 2:
        return static_cast<std::int64_t>(random_());
      case 3:
        return extreme();
      case 4:
        return real();
      case 5:
      case 6:
        return text();
      case 7:
        return list(depth);
      default:
        return object(depth);
    }
  }

  troupe::value object(std::size_t depth) {
    auto made = troupe::value::object();
    for (auto left = below(6); left > 0; --left) {
      made = std::move(made).with(key(), next(depth - 1));
    }
    return made;
  }

  std::string key() {
    static const std::array<std::string, 16> odd{
        "",      "$",  "$part", "$$",  "$$part", "/",        "~",
        "~1/~0", "\n", "\"",    "a/b", "\x01",   "\xc3\xa9", "\xf0\x9f\x99\x82",
        "-",     "0"};
    return below(2) == 0 ? odd.at(below(odd.size()))
                         : "k" + std::to_string(below(20));
  }

  std::size_t below(std::size_t end) { return random_() % end; }

 private:
  troupe::value list(std::size_t depth) {
    auto made = troupe::value::array();
    for (auto left = below(6); left > 0; --left) {
      made = std::move(made).appended(next(depth - 1));
    }
    return made;
  }

  troupe::value extreme() {
    switch (below(6)) {
      case 0:
        return std::numeric_limits<std::int64_t>::min();
      case 1:
        return std::numeric_limits<std::int64_t>::max();
      case 2:
        return std::numeric_limits<std::uint64_t>::max();
      case 3:
        return std::uint64_t{1} << 63;
      case 4:
        return 1;
      default:
        return 1.0;
    }
  }

  troupe::value real() {
    switch (below(6)) {
      case 0:
        return -0.0;
      case 1:
        return std::numeric_limits<double>::denorm_min();
      case 2:
        return std::numeric_limits<double>::max();
      case 3:
        return 1e22;
      default:
        break;
    }
    const auto number = std::bit_cast<double>(random_());
    return std::isfinite(number) ? number : 0.1;
  }

  troupe::value text() {
    static const std::array<std::string, 8> parts{
        "a", "\"", "\\", "\n", "\x1f", "\x7f", "\xe2\x82\xac", "{\"$part\":1}"};
    if (below(40) == 0) return std::string(4'094 + below(4), 'x');
    std::string made;
    for (auto left = below(12); left > 0; --left) {
      made += parts.at(below(parts.size()));
    }
    if (below(100) == 0) made.resize(made.size() + 9'000, '\t');
    return made;
  }

  std::mt19937_64 random_;
};

}  // namespace troupe_test
