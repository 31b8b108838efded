#include "troupe/llm/embedding.hpp"

#include "replies/reply_fields.hpp"
#include "replies/served_error.hpp"
#include "text/base64.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

// Sources of the format: OpenAI's API reference, "Embeddings", and those of
// Cohere, Google, Voyage and Ollama.

namespace troupe::llm {

using detail::reply_fields;

http_request encode_embedding(const std::string& model,
                              const std::vector<std::string>& texts,
                              const endpoint& at) {
  return encode_embedding(model, texts, at, json::object());
}

http_request encode_embedding(const std::string& model,
                              const std::vector<std::string>& texts,
                              const endpoint& at, const json& extra) {
  if (texts.empty()) detail::refuse_request("the request has no text to embed");
  if (!extra.is_object()) detail::refuse_request("extra must be an object");
  if (model.empty()) detail::refuse_request("the request names no model");
  http_request request{
      "POST", detail::joined(at.base_url, "/embeddings"),
      detail::body_of(
          {{"model", model}, {"input", texts}, {"encoding_format", "float"}},
          extra)};
  request.headers = detail::openai_headers(at, /*stream=*/false);
  return request;
}

namespace {

/// Of the longest vectors that are in use, twice.
constexpr std::size_t numbers_max = 16'384;

/// The numbers of a vector in Base64, four bytes each, the low ones first.
std::vector<float> packed_vector_in(const reply_fields& from) {
  const auto bytes = detail::from_base64(detail::trimmed(from.text()));
  if (!bytes) from.refuse("must be an array of numbers or Base64");
  if (bytes->size() % 4 != 0) {
    from.refuse("has an incomplete number at its end");
  }
  std::vector<float> numbers;
  for (std::size_t i = 0; i < bytes->size(); i += 4) {
    std::uint32_t bits = 0;
    for (std::size_t k = 4; k-- > 0;) {
      bits = bits << 8U | static_cast<unsigned char>((*bytes)[i + k]);
    }
    numbers.push_back(std::bit_cast<float>(bits));
  }
  return numbers;
}

/// The list that a vector is which is written as text, or null.
json list_in_text(const json& form) {
  if (!form.is_string()) return nullptr;
  const auto text = detail::trimmed(form.get_ref<const std::string&>());
  if (!text.starts_with('[')) return nullptr;
  auto list = try_read_json(text, detail::reply_bounds);
  return list ? std::move(*list) : json();
}

std::vector<float> vector_in(const reply_fields& from) {
  std::vector<float> numbers;
  if (const json list = list_in_text(from.form()); list.is_array()) {
    return vector_in(reply_fields{list, from.text()});
  }
  if (from.form().is_string()) {
    numbers = packed_vector_in(from);
  } else {
    for (std::size_t k = 0; k < from.size(); ++k) {
      const auto number = from.at(k);
      if (!number.form().is_number()) number.refuse_type("a number");
      const double wide = number.form().get<double>();
      constexpr double most = std::numeric_limits<float>::max();
      if (std::abs(wide) > most) number.refuse("is too large");
      numbers.push_back(static_cast<float>(wide));
    }
  }
  if (numbers.empty()) from.refuse("is empty");
  for (const float each : numbers) {
    if (!std::isfinite(each)) {
      from.refuse("contains a number that is not finite");
    }
  }
  return numbers;
}

/// The numbers of an element, which on some servers is no object, or has a list
/// with one vector.
reply_fields numbers_in(const reply_fields& element) {
  auto numbers = element;
  if (element.form().is_object()) {
    auto values = element.find("values");
    if (values.is_null()) values = element.find("vector");
    numbers = values.is_null() ? element.at("embedding") : values;
  }
  // Google's.
  if (numbers.form().is_object()) numbers = numbers.at("values");
  const auto& form = numbers.form();
  const bool is_nested =
      form.is_array() && form.size() == 1 && form.front().is_array();
  return is_nested ? numbers.at(std::size_t{0}) : numbers;
}

/// True if the places of vectors are those in the list: the server says none,
/// says the same of all, or counts from 1.
bool are_in_order(const reply_fields& data) {
  bool is_same = true;
  bool is_from_one = true;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const auto each = data.at(i);
    const auto index = each.count("index");
    if (!each.form().is_object() || !index) return true;
    is_same = is_same && *index == data.at(std::size_t{0}).count("index");
    is_from_one = is_from_one && *index == i + 1;
  }
  return is_same || is_from_one;
}

/// The list of vectors, which servers call by several names. Cohere has one for
/// each type of number.
reply_fields vectors_in(const reply_fields& reply) {
  for (const char* each : {"result", "output"}) {
    const auto inner = reply.object_or_null(each);
    if (!inner.is_null()) return vectors_in(inner);
  }
  for (const char* each : {"embeddings", "vectors"}) {
    const auto found = reply.find(each);
    if (found.is_null()) continue;
    if (!found.form().is_object()) return found;
    for (const char* type : {"float", "base64", "int8", "uint8"}) {
      const auto typed = found.find(type);
      if (!typed.is_null()) return typed;
    }
  }
  if (!reply.find("embedding").is_null()) return reply;
  return reply.at("data");
}

/// True if there is no list around the only vector.
bool is_lone(const json& data) {
  return data.is_object() ||
         (data.is_array() && !data.empty() && data.front().is_number());
}

/// The tokens that were read, which servers count in several places.
std::uint64_t input_in(const reply_fields& reply) {
  const auto billed =
      reply.object_or_null("meta").object_or_null("billed_units");
  const auto groq = reply.object_or_null("x_groq").object_or_null("usage");
  for (const auto& each :
       {reply.object_or_null("usage"), groq, billed, reply}) {
    for (const char* key : {"prompt_tokens", "input_tokens", "total_tokens",
                            "prompt_eval_count"}) {
      if (const auto count = each.count(key)) return *count;
    }
  }
  return 0;
}

}  // namespace

embedding_reply decode_embedding(std::string_view body, std::size_t count) {
  json_bounds limits = detail::reply_bounds;
  limits.elements = std::max(limits.elements, count * numbers_max);
  const json form = detail::reply_in_body(body, limits);
  const reply_fields reply{form, body};
  embedding_reply found;
  auto data = reply;
  if (!form.is_array()) {
    found.model = reply.id_or_none("model");
    found.usage.input = input_in(reply);
    data = vectors_in(reply);
  }
  if (count == 1 && is_lone(data.form())) {
    found.vectors.push_back(vector_in(numbers_in(data)));
    return found;
  }
  if (data.size() != count) {
    data.refuse("has " + std::to_string(data.size()) + " vectors, expected " +
                std::to_string(count));
  }
  found.vectors.resize(count);
  const bool by_order = are_in_order(data);
  for (std::size_t i = 0; i < count; ++i) {
    const auto each = data.at(i);
    const auto place = by_order ? i : each.count_or("index", i);
    if (place >= count || !found.vectors[place].empty()) {
      each.refuse("has an index that is out of range or was used before");
    }
    found.vectors[place] = vector_in(numbers_in(each));
  }
  for (const auto& each : found.vectors) {
    if (each.size() != found.vectors.front().size()) {
      data.refuse("has vectors of different lengths");
    }
  }
  return found;
}

double similarity(const std::vector<float>& one,
                  const std::vector<float>& other) {
  if (one.size() != other.size()) {
    throw error{errc::bad_value, "vectors of " + std::to_string(one.size()) +
                                     " and " + std::to_string(other.size()) +
                                     " numbers cannot be compared"};
  }
  double product = 0;
  double square = 0;
  double other_square = 0;
  for (std::size_t i = 0; i < one.size(); ++i) {
    product += static_cast<double>(one[i]) * static_cast<double>(other[i]);
    square += static_cast<double>(one[i]) * static_cast<double>(one[i]);
    other_square +=
        static_cast<double>(other[i]) * static_cast<double>(other[i]);
  }
  const double lengths = std::sqrt(square) * std::sqrt(other_square);
  return lengths > 0 ? product / lengths : 0;
}

}  // namespace troupe::llm
