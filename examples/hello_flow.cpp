#include <troupe/troupe.hpp>

#include <iostream>

struct greet {
  std::string prep(const troupe::state& shared) const {
    return shared.get<std::string>("name");
  }
  std::string exec(const std::string& name) const { return "Hello, " + name; }
  void post(troupe::state& shared, const std::string& /*name*/,
            const std::string& text) const {
    shared["text"] = text;
  }
};

int main() {
  troupe::flow_builder hello{"hello"};
  const auto shout = [](troupe::state& shared) {
    shared["text"] = shared.get<std::string>("text") + "!";
  };
  hello.add("greet", greet{}) >> hello.add("shout", shout);
  troupe::system runtime;
  const auto end = runtime.start(hello.build(), {{"name", "world"}}).get();
  std::cout << end.state.get<std::string>("text") << "\n";
}
