#include "file/store_error.hpp"

#include <troupe/printable.hpp>

#include <sqlite3.h>

namespace troupe::detail {

namespace {

std::string_view advice_about(int code) noexcept {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return "the disk is full; make room, then resume its runs";
    case SQLITE_IOERR:
      return "the disk failed; check it, then resume the runs";
    case SQLITE_CORRUPT:
      return "the file is damaged; check it with 'troupe store check', and "
             "restore a backup";
    case SQLITE_NOTADB:
      return "the file is not a database of SQLite; name another file";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another program holds it; end that program, as only the owner "
             "may write";
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return "it cannot be written; change the mode of the file and of its "
             "directory";
    case SQLITE_CANTOPEN:
      return "it cannot be opened; check that the file and its directory are "
             "there, and their modes";
    case SQLITE_NOMEM:
      return "there is no memory";
    case SQLITE_TOOBIG:
      return "a value is too large";
    default:
      return "SQLite refused";
  }
}

}  // namespace

error store_error(std::string_view path, std::string_view why) {
  std::string text{"the store '"};
  text += printable(path);
  text += "' ";
  text += why;
  return error{errc::store_failed, text};
}

error store_error(std::string_view path, const SQLite::Exception& why) {
  std::string text{"failed: "};
  text += advice_about(why.getErrorCode());
  text += " (SQLite: ";
  text += printable(why.what());
  text += ", code ";
  text += std::to_string(why.getExtendedErrorCode());
  text += ')';
  return store_error(path, text);
}

bool spoils_connection(const SQLite::Exception& why) noexcept {
  switch (why.getErrorCode() & 0xff) {
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
      return true;
    default:
      return false;
  }
}

bool concerns_all(const SQLite::Exception& why) noexcept {
  switch (why.getErrorCode() & 0xff) {
    case SQLITE_FULL:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
      return true;
    default:
      return spoils_connection(why);
  }
}

}  // namespace troupe::detail
