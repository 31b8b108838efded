#pragma once

#include "troupe/llm/chat.hpp"
#include "troupe/llm/chat_format.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::llm {

/// The vectors of texts: texts with a similar meaning have similar vectors.
struct embedding_reply {
  /// In the order of the texts; all have one length.
  std::vector<std::vector<float>> vectors = {};
  std::string model = {};
  llm::usage usage = {};
};

/// POST /embeddings, as OpenAI writes it. `extra` has further fields of the
/// request's body, which win over the usual ones; null takes one away, such as
/// "encoding_format" for servers that do not know it.
/// Errors: throws a permanent `errc::bad_value` where there is no text.
[[nodiscard]] http_request encode_embedding(
    const std::string& model, const std::vector<std::string>& texts,
    const endpoint& at, const json& extra);
[[nodiscard]] http_request encode_embedding(
    const std::string& model, const std::vector<std::string>& texts,
    const endpoint& at);
/// Vectors may be lists of numbers, or their bytes in Base64.
/// Errors: throws what `error_of_reply` makes of an error that the server
/// reports, and `errc::bad_reply` for an invalid reply, for one that does not
/// have `count` vectors, and for vectors of different lengths.
[[nodiscard]] embedding_reply decode_embedding(std::string_view body,
                                               std::size_t count);

/// Returns the similarity of two vectors, from -1 to 1: the cosine of the angle
/// between them. 0 if one of them is all zeros.
/// Errors: throws `errc::bad_value` for vectors of different lengths.
[[nodiscard]] double similarity(const std::vector<float>& one,
                                const std::vector<float>& other);

}  // namespace troupe::llm
