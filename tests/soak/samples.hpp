#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace soak {

/// The resources that this process holds at one moment.
struct sample {
  double rss_mb = 0;
  std::size_t threads = 0;
  std::size_t descriptors = 0;
};

/// Takes a sample of this process, after giving back what is free.
[[nodiscard]] sample take_sample();

/// The verdict of many samples.
struct verdict {
  /// The median of the first third after the warm-up.
  sample first;
  /// The median of the last third.
  sample last;
  /// The resources that have grown, as sentences.
  std::vector<std::string> growth;
};

/// Judges samples, one for each round. The first tenth, and the first three
/// at least, are the warm-up. Of the rest the medians of the first and the
/// last third are compared: memory has grown where it is more than 5 % and
/// 2 MB above. Threads and descriptors, of which some come and go, have grown
/// where the median of the last third is above the most of the first. Nothing
/// where there are fewer than three samples besides.
[[nodiscard]] std::optional<verdict> judge(const std::vector<sample>& all);

}  // namespace soak
