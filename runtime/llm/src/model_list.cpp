#include "reply_fields.hpp"
#include "troupe/llm/chat_format.hpp"

namespace troupe::llm {

using detail::reply_fields;

model_page decode_model_page(std::string_view body) {
  const json form = detail::parsed(body, "the reply");
  const auto data = reply_fields{form}.at("data");
  model_page page;
  for (std::size_t i = 0; i < data.size(); ++i) {
    page.names.push_back(data.at(i).at("id").text());
  }
  return page;
}

std::vector<std::string> decode_models(std::string_view body) {
  return decode_model_page(body).names;
}

}  // namespace troupe::llm
