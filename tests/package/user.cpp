#include <troupe/troupe.hpp>
#ifdef USER_HAS_HTTP
#include <troupe/http.hpp>
#endif
#ifdef USER_HAS_LLM
#include <troupe/llm.hpp>
#endif
#ifdef USER_HAS_REMOTE
#include <troupe/remote.hpp>
#endif
#ifdef USER_HAS_STORE
#include <troupe/store.hpp>
#endif

#include <iostream>

int main() {
  troupe::flow_builder builder{"greeting"};
  const auto read =
      builder.add("read", [](troupe::state& shared) { shared.set("n", 20); });
  const auto add =
      builder.add("add", [](troupe::state& shared) { shared.add("n", 22); });
  read >> add;

#ifdef USER_HAS_REMOTE
  troupe::system system{{.prepare = troupe::remote::network()}};
  const troupe::remote::listener workers{system};
#else
  troupe::system system;
#endif
#ifdef USER_HAS_HTTP
  const troupe::http_client web{system};
#endif
  const troupe::outcome end = system.start(builder.build()).get();
  if (!end.ok()) {
    std::cerr << end.failure->describe() << '\n';
    return 1;
  }
  std::cout << "n = " << end.state.get<int>("n") << '\n';
}
