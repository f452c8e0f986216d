#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <system_error>
#include <vector>

#include "ir/support/file.h"
#include "ir/support/file_descriptor.h"

namespace rcc {

namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> fail_in_folder(const fs::path& folder, int error) {
  const std::string name = folder.string();
  constexpr auto kind = ErrorKind::environment;
  switch (error) {
    case ENOENT:
      return fail(kind, fmt::format("the folder `{}` does not exist", name),
                  "create it, or write to another folder");
    case ENOTDIR:
      return fail(kind, fmt::format("`{}` is not a folder", name));
    case EACCES:
    case EPERM:
    case EROFS:
      return fail(kind, fmt::format("no permission to write in the folder `{}`", name),
                  "change its permissions, or write to another folder");
    case ENOSPC:
    case EDQUOT:
      return fail(kind, fmt::format("no space left for the folder `{}`", name),
                  "free some space, or write to another folder");
    default:
      return fail(kind, fmt::format("cannot write in the folder `{}`: {}", name,
                                    std::generic_category().message(error)));
  }
}

// The new contents beside the final name; removed unless it was renamed to it.
class TemporaryFile {
 public:
  TemporaryFile(const fs::path& folder_path, int folder, std::string_view name)
      : folder_path_(folder_path), folder_(folder) {
    static std::atomic<unsigned> counter{0};
    // A name of the usual 255 bytes must leave room for the rest.
    const std::string_view stem = name.substr(0, 200);
    constexpr int kTries = 100;
    for (int i = 0; i < kTries; ++i) {
      name_ = fmt::format(".{}.tmp.{}.{}", stem, ::getpid(), counter++);
      file_ = FileDescriptor(::openat(folder, name_.c_str(),
                                      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
      // EEXIST: left behind by a killed process that had our number.
      if (file_.is_open() || errno != EEXIST) break;
    }
    error_ = file_.is_open() ? 0 : errno;
  }

  ~TemporaryFile() {
    if (error_ == 0 && !renamed_) ::unlinkat(folder_, name_.c_str(), 0);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  Result<void> check_open() const {
    if (error_ != 0) return fail_in_folder(folder_path_, error_);
    return {};
  }

  Result<void> write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::write(file_.get(), bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return fail_in_folder(folder_path_, errno);
      size_ += static_cast<std::uint64_t>(count);
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return {};
  }

  // Makes the contents durable and gives them their final name.
  Result<void> rename_to(const std::string& target) {
    struct stat status {};
    if (::fdatasync(file_.get()) != 0 || ::fstat(file_.get(), &status) != 0)
      return fail_in_folder(folder_path_, errno);
    if (static_cast<std::uint64_t>(status.st_size) != size_)
      return fail(ErrorKind::environment,
                  fmt::format("a file in the folder `{}` was changed while it was being written",
                              folder_path_.string()));
    if (!file_.close() || ::renameat(folder_, name_.c_str(), folder_, target.c_str()) != 0)
      return fail_in_folder(folder_path_, errno);
    renamed_ = true;
    // EINVAL: a file system whose folders need no sync.
    if (::fsync(folder_) != 0 && errno != EINVAL) return fail_in_folder(folder_path_, errno);
    return {};
  }

 private:
  const fs::path& folder_path_;
  int folder_;
  std::string name_;
  FileDescriptor file_;
  std::uint64_t size_ = 0;
  int error_ = 0;
  bool renamed_ = false;
};

// Gathers small pieces into large writes.
class BufferedSink final : public FileSink {
 public:
  explicit BufferedSink(TemporaryFile& file) : file_(file) { buffer_.reserve(kCapacity); }

  using FileSink::write;
  Result<void> write(std::span<const std::byte> bytes) override {
    if (buffer_.size() + bytes.size() > kCapacity) RCC_TRY(flush());
    if (bytes.size() > kCapacity) return file_.write(bytes);
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
    return {};
  }

  Result<void> flush() {
    RCC_TRY(file_.write(buffer_));
    buffer_.clear();
    return {};
  }

 private:
  static constexpr std::size_t kCapacity = std::size_t{1} << 18;
  TemporaryFile& file_;
  std::vector<std::byte> buffer_;
};

// A rename would replace a link, a device or a pipe by a file.
Result<void> check_target(int folder, const fs::path& path) {
  struct stat status {};
  if (::fstatat(folder, path.filename().c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return {};
  if (S_ISREG(status.st_mode)) return {};
  if (S_ISLNK(status.st_mode))
    return fail(ErrorKind::environment, fmt::format("`{}` is a symbolic link", path.string()),
                "name the file that it points to");
  return fail(ErrorKind::environment,
              fmt::format("`{}` exists and is not a regular file", path.string()),
              "write to another name");
}

}  // namespace

Result<void> write_atomic(const fs::path& path,
                          const std::function<Result<void>(FileSink&)>& write_contents) {
  if (!path.has_filename() || path.filename() == "." || path.filename() == "..")
    return fail(ErrorKind::environment, fmt::format("`{}` names no file", path.string()),
                "add the name of a file");
  const fs::path folder_path = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const FileDescriptor folder(::open(folder_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open()) return fail_in_folder(folder_path, errno);
  RCC_TRY(check_target(folder.get(), path));

  TemporaryFile file(folder_path, folder.get(), path.filename().native());
  RCC_TRY(file.check_open());
  BufferedSink sink(file);
  RCC_TRY(write_contents(sink));
  RCC_TRY(sink.flush());
  return file.rename_to(path.filename().native());
}

Result<void> write_atomic(const fs::path& path, std::string_view contents) {
  return write_atomic(path, [contents](FileSink& sink) { return sink.write(contents); });
}

}  // namespace rcc
