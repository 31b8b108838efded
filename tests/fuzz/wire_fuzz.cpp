// The messages between workers and supervisors, and their content: any bytes
// are read or refused, and what was read is written and read again as it was.

#include "wire/messages.hpp"

#include <troupe/detail/placed/event_form.hpp>
#include <troupe/detail/value/read_form.hpp>
#include <troupe/error.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

namespace {

using troupe::json;
namespace wire = troupe::remote::wire;

template <class F>
void refuse_or(F look) {
  try {
    look();
  } catch (const troupe::error& why) {
    const bool is_of_reader = why.code() == troupe::errc::bad_value ||
                              why.code() == troupe::errc::wrong_type;
    if (!is_of_reader || why.message().size() > 100'000) std::abort();
  }
}

void require(bool holds) {
  if (!holds) std::abort();
}

std::string packet_of(const std::vector<wire::message>& all) {
  std::string packet;
  for (const auto& each : all) packet += wire::encode(each);
  return packet;
}

void look_at_packet(const std::string& text) {
  std::string packet;
  refuse_or([&] { packet = packet_of(wire::decode(text)); });
  require(packet_of(wire::decode(packet)) == packet);
}

void look_at_result(const wire::bytes& body) {
  wire::bytes result;
  refuse_or([&] { result = wire::encode(wire::decode_result(body)); });
  if (!result.empty()) {
    require(wire::encode(wire::decode_result(result)) == result);
  }
}

void look_at_state(const wire::bytes& body) {
  wire::bytes shared;
  refuse_or([&] { shared = wire::encode(wire::decode_state(body)); });
  if (!shared.empty()) {
    require(wire::encode(wire::decode_state(shared)) == shared);
  }
}

void look_at_event(const wire::bytes& body) {
  json form;
  const auto read = [](const json& from) {
    return troupe::detail::event_form(troupe::detail::event_from(from, {}));
  };
  refuse_or([&] { form = read(wire::decode_json(body)); });
  if (!form.is_null()) require(read(form) == form);
}

void look_at_value(const wire::bytes& body) {
  wire::bytes written;
  refuse_or([&] {
    const auto form = wire::decode_json(body);
    if (wire::memory_of(body) < body.size()) std::abort();
    written = wire::encode_json(form);
    refuse_or([&] { (void)troupe::detail::read_form<int>(form); });
    refuse_or([&] {
      (void)troupe::detail::read_form<
          std::map<std::string, std::vector<std::int8_t>>>(form);
    });
    refuse_or(
        [&] { (void)troupe::detail::read_form<std::vector<float>>(form); });
  });
  if (!written.empty()) {
    require(wire::encode_json(wire::decode_json(written)) == written);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  if (size == 0) return 0;
  const std::string text{reinterpret_cast<const char*>(data) + 1, size - 1};
  const wire::bytes body{data + 1, data + size};
  switch (data[0] % 6) {
    case 0:
      look_at_packet(text);
      break;
    case 1:
      refuse_or([&] { (void)wire::decode_work(body); });
      break;
    case 2:
      look_at_result(body);
      break;
    case 3:
      look_at_state(body);
      break;
    case 4:
      look_at_event(body);
      break;
    default:
      look_at_value(body);
  }
  return 0;
}
