#include "summarize/model.hpp"

namespace summarize {

troupe::flow model_flow(troupe::system&, file_list, const command_line&,
                        const flow_settings&) {
  throw troupe::error{troupe::errc::bad_flow,
                      "this program was built without model clients, which "
                      "need libcurl and RE2"};
}

}  // namespace summarize
