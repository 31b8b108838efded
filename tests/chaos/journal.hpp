#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace chaos {

/// A step or a sub-flow of a run.
struct piece {
  std::int64_t run = 0;
  std::string name;
};

/// The beginnings and ends of the work of a worker, with times by the clock
/// that all processes of a machine share, one line each: "begun RUN NAME
/// NANOSECONDS", and the same with "ended" and "dropped". Each line is written
/// at once, so that a worker which is killed leaves all that it did.
///
/// Thread safety: internally synchronised.
class journal {
 public:
  /// Errors: throws `std::system_error` if the file cannot be written.
  explicit journal(const std::string& path);
  journal(const journal&) = delete;
  journal& operator=(const journal&) = delete;
  ~journal();

  void write(std::string_view what, const piece& of) const;

 private:
  int file_;
};

using journal_ptr = std::shared_ptr<const journal>;

/// Notes that a piece was begun and, at its end, whether it was ended or
/// dropped before. Without a journal it does nothing.
class noted {
 public:
  noted(journal_ptr where, piece of);
  noted(const noted&) = delete;
  noted& operator=(const noted&) = delete;
  ~noted();

  void end();

 private:
  journal_ptr where_;
  piece of_;
};

}  // namespace chaos
