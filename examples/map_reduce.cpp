// Map: one sub-flow per text counts its words, several at once. Reduce: the
// counts are added up when the sub-flows are merged.

#include <troupe/troupe.hpp>

#include <iostream>
#include <sstream>
#include <string>
#include <vector>

// region: map
struct count_words {
  std::string prep(const troupe::context& ctx) const {
    return ctx.params().at("text");
  }
  std::vector<std::string> exec(const std::string& text) const {
    std::istringstream words{text};
    std::vector<std::string> all;
    for (std::string word; words >> word;) all.push_back(word);
    return all;
  }
  void post(troupe::state& shared, const std::string& /*text*/,
            const std::vector<std::string>& words) const {
    for (const auto& word : words) shared.add("/count/" + word, 1);
    shared.max("longest", words.size());
  }
};
// endregion

int main() {
  troupe::flow_builder one{"one_text"};
  one.add("count", count_words{});

  // region: reduce
  const auto texts = [](const troupe::state& shared) {
    std::vector<troupe::json> params;
    for (const auto& text : shared.at("texts")) {
      params.push_back({{"text", text}});
    }
    return params;
  };
  const auto mapped = troupe::batch("map", one.build(), texts,
                                    {.concurrency = troupe::concurrent(8)});
  troupe::flow_builder flow{"map_reduce"};
  const auto map = flow.add("map", mapped);
  const auto reduce = flow.add("reduce", [](troupe::state& shared) {
    int words = 0;
    for (const auto& count : shared.at("count")) words += count.get<int>();
    shared["words"] = words;
  });
  map >> reduce;
  // endregion

  troupe::system runtime;
  const auto end =
      runtime
          .start(flow.build(),
                 {{"texts", troupe::json{"the cat and the dog", "the cow",
                                         "a dog and a cat and a cow"}}})
          .get();
  std::cout << end.state.at("count") << "\n"
            << end.state.get<int>("words") << " words, the longest text has "
            << end.state.get<int>("longest") << "\n";
}
