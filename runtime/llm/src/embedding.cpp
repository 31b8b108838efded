#include "troupe/llm/embedding.hpp"

#include "reply_fields.hpp"

#include <cmath>
#include <optional>
#include <utility>

// Source of the format: OpenAI's API reference, "Embeddings".

namespace troupe::llm {

using detail::reply_fields;

http_request encode_embedding(const std::string& model,
                              const std::vector<std::string>& texts,
                              const endpoint& at, const json& extra) {
  if (texts.empty()) detail::refuse_request("there is no text to embed");
  if (!extra.is_object()) detail::refuse_request("extra must be an object");
  if (model.empty()) detail::refuse_request("a request names no model");
  http_request request{
      "POST", detail::joined(at.base_url, "/embeddings"),
      detail::body_of(
          {{"model", model}, {"input", texts}, {"encoding_format", "float"}},
          extra)};
  request.headers = detail::openai_headers(at, /*stream=*/false);
  return request;
}

embedding_reply decode_embedding(std::string_view body, std::size_t count) {
  const json form = detail::parsed(body, "the reply");
  const reply_fields reply{form};
  embedding_reply found;
  found.model = reply.text_or("model");
  const auto used = reply.find("usage");
  if (!used.is_null()) found.usage.input = used.count_or("prompt_tokens", 0);
  const auto data = reply.at("data");
  if (data.size() != count) {
    data.refuse("has " + std::to_string(data.size()) + " vectors, not " +
                std::to_string(count));
  }
  found.vectors.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto each = data.at(i);
    const auto place = each.count_or("index", i);
    if (place >= count || !found.vectors[place].empty()) {
      each.refuse("has the place of another");
    }
    const auto numbers = each.at("embedding");
    if (numbers.size() == 0) numbers.refuse("is empty");
    for (std::size_t k = 0; k < numbers.size(); ++k) {
      const auto number = numbers.at(k);
      if (!number.form().is_number()) number.refuse("is no number");
      found.vectors[place].push_back(number.form().get<float>());
    }
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
