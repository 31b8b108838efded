// A batch runs one flow for each file: one after the other, then several at
// once. The file that cannot be read does not stop the others.

#include <troupe/troupe.hpp>

#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

// region: node
struct load {
  std::string prep(const troupe::state& shared,
                   const troupe::context& ctx) const {
    const std::string file = ctx.params().at("file");
    return shared.at("data").at(file);
  }
  std::string exec(const std::string& text) const {
    if (text.empty()) throw std::runtime_error("it is empty");
    return text;
  }
  void post(troupe::state& shared, const std::string& /*given*/,
            const std::string& text) const {
    shared["text"] = text;
  }
};

struct summarize {
  std::string prep(const troupe::state& shared) const {
    return shared.get<std::string>("text");
  }
  std::string exec(const std::string& text) const {
    return text.substr(0, text.find('.') + 1);
  }
  void post(troupe::state& shared, const std::string& /*text*/,
            const std::string& summary, const troupe::context& ctx) const {
    shared["summary"][ctx.params().at("file")] = summary;
  }
};
// endregion

troupe::flow one_file() {
  // region: options
  troupe::flow_builder flow{"one_file"};
  const auto loaded = flow.add("load", load{}, {.threads = troupe::blocking});
  const auto summarized =
      flow.add("summarize", summarize{}, {.concurrency = 8});
  loaded >> summarized;
  // endregion
  return flow.build();
}

// region: batch
troupe::flow all_files(std::size_t width) {
  const auto files = [](const troupe::state& shared) {
    std::vector<troupe::json> params;
    for (const auto [file, text] : shared.at("data").members()) {
      params.push_back({{"file", std::string{file}}});
    }
    return params;
  };
  troupe::fan_out_options options;
  options.concurrency = width;
  options.on_failure = troupe::collect;
  options.local = {"text"};
  options.post = [](troupe::state& shared,
                    const std::vector<troupe::branch_outcome>& outcomes,
                    troupe::context&) -> troupe::action {
    for (const auto& each : outcomes) {
      if (each.failure) shared.append("failed", each.failure->describe());
    }
    return shared.contains("failed") ? "incomplete" : "default";
  };
  return troupe::batch("all_files", one_file(), files, options);
}
// endregion

int main() {
  const troupe::state documents{
      {"data", troupe::json{{"a.txt", "Ants dig. They carry."},
                            {"b.txt", ""},
                            {"c.txt", "Cats purr. They sleep."}}}};
  troupe::system runtime;
  for (const auto width : {troupe::sequence, troupe::concurrent(4)}) {
    const auto end = runtime.start(all_files(width), documents).get();
    std::cout << (width == troupe::sequence ? "in sequence: " : "4 at once: ")
              << end.action.name() << "\n"
              << end.state.at("summary") << "\n"
              << end.state.at("failed") << "\n"
              << "text is " << (end.state.contains("text") ? "left" : "gone")
              << "\n";
  }
}
