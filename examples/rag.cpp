// Retrieval-augmented generation: chunks of a text as vectors, the nearest
// ones to a question, and an answer from them.

#include <troupe/llm.hpp>
#include <troupe/troupe.hpp>

#include <algorithm>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

namespace {

// region: embed
/// Makes a vector of each of "chunks".
struct embed_chunks {
  troupe::llm::client embedder;

  std::vector<std::string> prep(const troupe::state& shared) const {
    return shared.get<std::vector<std::string>>("chunks");
  }
  troupe::task<std::vector<std::vector<float>>> exec(
      std::vector<std::string> chunks) const {
    const auto reply = co_await embedder.embed(std::move(chunks));
    co_return reply.vectors;
  }
  void post(troupe::state& shared, const std::vector<std::string>&,
            const std::vector<std::vector<float>>& vectors) const {
    shared["vectors"] = vectors;
  }
};
// endregion

// region: search
struct question_and_index {
  std::string question;
  std::vector<std::string> chunks;
  std::vector<std::vector<float>> vectors;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(question_and_index, question, chunks,
                                   vectors)

/// Leaves the two chunks that are nearest to the question.
struct find_nearest {
  troupe::llm::client embedder;

  question_and_index prep(const troupe::state& shared) const {
    return {shared.get<std::string>("question"),
            shared.get<std::vector<std::string>>("chunks"),
            shared.get<std::vector<std::vector<float>>>("vectors")};
  }
  troupe::task<std::vector<std::string>> exec(question_and_index in) const {
    std::vector<std::string> texts{in.question};
    const auto reply = co_await embedder.embed(std::move(texts));
    std::vector<std::pair<double, std::string>> ranked;
    for (std::size_t i = 0; i < in.chunks.size(); ++i) {
      ranked.emplace_back(
          troupe::llm::similarity(reply.vectors.front(), in.vectors.at(i)),
          in.chunks[i]);
    }
    std::sort(ranked.rbegin(), ranked.rend());
    std::vector<std::string> best;
    for (std::size_t i = 0; i < std::min<std::size_t>(2, ranked.size()); ++i) {
      best.push_back(ranked[i].second);
    }
    co_return best;
  }
  void post(troupe::state& shared, const question_and_index&,
            const std::vector<std::string>& best) const {
    shared["sources"] = best;
  }
};
// endregion

// region: answer
struct answer {
  troupe::llm::client model;

  std::string prep(const troupe::state& shared) const {
    std::string prompt = "Answer from these sources alone.";
    for (const auto& each : shared.at("sources")) {
      prompt += "\n- " + each.get<std::string>();
    }
    return prompt + "\nQuestion: " + shared.get<std::string>("question");
  }
  troupe::task<std::string> exec(std::string prompt,
                                 troupe::context& ctx) const {
    const auto reply = co_await model.chat(ctx, std::move(prompt));
    co_return reply.text();
  }
  void post(troupe::state& shared, const std::string&,
            const std::string& text) const {
    shared["answer"] = text;
  }
};
// endregion

}  // namespace

int main() {
  troupe::system runtime;
  const troupe::http_client web{runtime};
  troupe::llm::client_options how;
  how.model = "scripted";
  const troupe::llm::client model{web, how};
  how.model = "scripted-embedding";
  const troupe::llm::client embedder{web, how};

  troupe::flow_builder flow{"rag"};
  flow.add("embed", embed_chunks{embedder}) >>
      flow.add("search", find_nearest{embedder}) >>
      flow.add("answer", answer{model});
  const std::vector<std::string> chunks{
      "The lighthouse was built of granite in 1882.",
      "Its lamp is turned off at sunrise by the keeper.",
      "The harbour has berths for forty boats.",
      "Granite comes from the quarry behind the village."};
  const auto end =
      runtime
          .start(flow.build(),
                 {{"chunks", chunks},
                  {"question", "When was the lighthouse built of granite?"}})
          .get();
  if (!end.ok()) {
    std::cout << troupe::printable(end.failure->describe()) << "\n";
    return 1;
  }
  for (const auto& each : end.state.at("sources")) {
    std::cout << "source: " << troupe::printable(each.get<std::string>())
              << "\n";
  }
  std::cout << troupe::printable(end.state.get<std::string>("answer"),
                                 troupe::line_breaks::kept)
            << "\n";
}
