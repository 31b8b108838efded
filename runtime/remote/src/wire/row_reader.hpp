#pragma once

#include "leases/lease.hpp"
#include "wire/cbor.hpp"
#include "wire/peer_limits.hpp"

#include <troupe/error.hpp>
#include <troupe/json.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

/// The reading of messages and their bodies: lists of fields.
namespace troupe::remote::wire {

/// A text that is a name. `what` has it, for people: "a label".
/// Errors: throws `errc::bad_value` for another text.
[[nodiscard]] std::string name_in(cbor_reader& from, const char* what);

/// Writes a list of values.
template <class Out, class... Ts>
void add_row(cbor_writer<Out>& to, const Ts&... fields) {
  to.list(sizeof...(fields));
  (to.add(fields), ...);
}

/// Reads the elements of one list, in order. What is there beyond them is of a
/// later version and is passed over.
class row_reader {
 public:
  explicit row_reader(cbor_reader& from) : from_(from), left_(from.list()) {}

  /// Returns the reader at the next element, for those that are looked at as
  /// they are read.
  cbor_reader& take() {
    if (left_ == 0) {
      throw error{errc::bad_value, "the message has too few fields"};
    }
    --left_;
    return from_;
  }
  template <class T>
  T next() {
    return take().template next<T>();
  }
  std::string next_name(const char* what) { return name_in(take(), what); }
  std::string next_path(const char* what) {
    return take().text_within(peer_limits::path_bytes, what);
  }
  detail::lease next_lease() {
    const auto work = next<std::uint64_t>();
    return {detail::work_id{work}, next<std::uint32_t>()};
  }
  std::shared_ptr<const bytes> next_shared() {
    return std::make_shared<const bytes>(next<bytes>());
  }
  [[nodiscard]] bool is_over() const noexcept { return left_ == 0; }
  void pass_rest() {
    for (; left_ > 0; --left_) static_cast<void>(from_.skip());
  }

 private:
  cbor_reader& from_;
  std::size_t left_;
};

// Reads what a peer sent, which may be anything: every fault in it ends here.
template <class F>
auto checked(const char* what, F read) {
  try {
    return read();
  } catch (const error& why) {
    throw error{errc::bad_value, std::string{what} + ": " + why.message()};
  } catch (const json::exception& why) {
    throw error{errc::bad_value, std::string{what} + ": " + why.what()};
  }
}

}  // namespace troupe::remote::wire
