#pragma once

#include <troupe/http/http_message.hpp>
#include <troupe/json.hpp>
#include <troupe/llm/mcp_mirrors.hpp>

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace troupe::llm::detail {

/// The arguments of a server's tools that go into headers as well, of 10,000
/// tools at most.
///
/// Thread safety: internally synchronised.
class mcp_param_book {
 public:
  /// Takes what the schemas say in an answer to "tools/list".
  void learn(const json& listed);
  /// Adds those of a request "tools/call".
  void add_to(std::vector<http_header>& headers, const json& call);

 private:
  std::mutex mutex_;
  std::map<std::string, std::vector<mcp::mirrored_param>> known_;
};

}  // namespace troupe::llm::detail
