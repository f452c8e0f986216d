#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "ir/support/result.h"

namespace rcc {

// A whole file mapped privately and read-only. The mapping lives as long as any tensor points into
// it. A SIGBUS inside it (the file shrank while we read) ends the program with a diagnostic and exit
// code 3, not with a crash.
class MappedFile {
 public:
  // Error when it is not a regular file, cannot be read or is larger than `max_bytes`. An empty file
  // is mapped as an empty span.
  static Result<std::shared_ptr<const MappedFile>> open(const std::filesystem::path& path,
                                                        std::uint64_t max_bytes);

  // External data of a model: `relative` must stay below `base` without symlinks, be a regular file
  // with one link.
  static Result<std::shared_ptr<const MappedFile>> open_below(const std::filesystem::path& base,
                                                              std::string_view relative,
                                                              std::uint64_t max_bytes);

  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return bytes_; }
  const std::filesystem::path& path() const { return path_; }

 private:
  MappedFile() = default;
  static Result<std::shared_ptr<const MappedFile>> map(int fd, std::filesystem::path path,
                                                       std::uint64_t max_bytes);
  std::filesystem::path path_;
  std::span<const std::byte> bytes_;
};

// A text file of at most `max_bytes`.
Result<std::string> read_text_file(const std::filesystem::path& path, std::uint64_t max_bytes);

// Where the contents of an atomically written file go, piece by piece.
class FileSink {
 public:
  virtual ~FileSink() = default;
  virtual Result<void> write(std::span<const std::byte> bytes) = 0;
  Result<void> write(std::string_view text) { return write(std::as_bytes(std::span(text))); }
};

// Writes `path` so that it holds the whole old file or the whole new one at every moment: a temporary
// beside it, fdatasync, rename, fsync of the folder. On any error the temporary is removed.
// A missing folder, no permission or no space is an Error of kind environment that names the folder.
Result<void> write_atomic(const std::filesystem::path& path,
                          const std::function<Result<void>(FileSink&)>& write_contents);
Result<void> write_atomic(const std::filesystem::path& path, std::string_view contents);

}  // namespace rcc
