#include <troupe/resume.hpp>

namespace troupe {

std::string_view to_string(resumed_run::kind how) noexcept {
  switch (how) {
    case resumed_run::kind::resumed:
      return "resumed";
    case resumed_run::kind::unknown_flow:
      return "unknown_flow";
    case resumed_run::kind::changed_flow:
      return "changed_flow";
    case resumed_run::kind::quarantined:
      return "quarantined";
    case resumed_run::kind::unreadable:
      return "unreadable";
  }
  return "unknown";
}

}  // namespace troupe
