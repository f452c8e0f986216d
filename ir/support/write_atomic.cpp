#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <system_error>
#include <vector>

#include "ir/support/check_output.h"
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

// The new contents. They have no name until they are whole, so that a writer that is killed leaves
// nothing behind; where the file system has no such files, they have a hidden one.
class TemporaryFile {
 public:
  TemporaryFile(const fs::path& folder_path, int folder, std::string_view name)
      // A name of the usual 255 bytes must leave room for the rest.
      : folder_path_(folder_path), folder_(folder), stem_(name.substr(0, 200)) {
    if (::access(kOpenFiles, X_OK) == 0)
      file_ = FileDescriptor(::openat(folder, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0644));
    error_ = file_.is_open() ? 0 : take_name([&](const char* hidden) {
      file_ = FileDescriptor(
          ::openat(folder, hidden, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
      return file_.is_open();
    });
  }

  ~TemporaryFile() {
    if (!name_.empty()) ::unlinkat(folder_, name_.c_str(), 0);
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
    if (name_.empty()) {
      const std::string open_file = fmt::format("{}/{}", kOpenFiles, file_.get());
      const int error = take_name([&](const char* hidden) {
        return ::linkat(AT_FDCWD, open_file.c_str(), folder_, hidden, AT_SYMLINK_FOLLOW) == 0;
      });
      if (error != 0) return fail_in_folder(folder_path_, error);
    }
    if (!file_.close() || ::renameat(folder_, name_.c_str(), folder_, target.c_str()) != 0)
      return fail_in_folder(folder_path_, errno);
    name_.clear();
    // EINVAL: a file system whose folders need no sync.
    if (::fsync(folder_) != 0 && errno != EINVAL) return fail_in_folder(folder_path_, errno);
    return {};
  }

 private:
  static constexpr const char* kOpenFiles = "/proc/self/fd";

  // A hidden name that `take` gets the file under; what errno says where it gets none.
  int take_name(const auto& take) {
    static std::atomic<unsigned> counter{0};
    constexpr int kTries = 100;
    for (int i = 0; i < kTries; ++i) {
      const std::string hidden = fmt::format(".{}.tmp.{}.{}", stem_, ::getpid(), counter++);
      if (take(hidden.c_str())) {
        name_ = hidden;
        return 0;
      }
      // Left behind by a killed process that had our number.
      if (errno != EEXIST) return errno;
    }
    return EEXIST;
  }

  const fs::path& folder_path_;
  int folder_;
  std::string stem_;
  // Empty while the file has none.
  std::string name_;
  FileDescriptor file_;
  std::uint64_t size_ = 0;
  int error_ = 0;
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
  if (S_ISDIR(status.st_mode))
    return fail(ErrorKind::environment, fmt::format("`{}` is a folder", path.string()),
                "name a file");
  return fail(ErrorKind::environment,
              fmt::format("`{}` exists and is not a regular file", path.string()),
              "write to another name");
}

// The folder that is to hold `path`, which may be written there.
Result<FileDescriptor> open_folder_of(const fs::path& path, const fs::path& folder_path) {
  if (!path.has_filename() || path.filename() == "." || path.filename() == "..")
    return fail(ErrorKind::environment, fmt::format("`{}` names no file", path.string()),
                "add the name of a file");
  FileDescriptor folder(::open(folder_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open()) return fail_in_folder(folder_path, errno);
  RCC_TRY(check_target(folder.get(), path));
  return folder;
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

}  // namespace

Result<void> check_output(const fs::path& path) {
  const fs::path folder_path = folder_of(path);
  const FileDescriptor folder = RCC_TRY(open_folder_of(path, folder_path));
  if (::faccessat(folder.get(), ".", W_OK, AT_EACCESS) != 0)
    return fail_in_folder(folder_path, errno);
  return {};
}

Result<void> write_atomic(const fs::path& path,
                          const std::function<Result<void>(FileSink&)>& write_contents) {
  const fs::path folder_path = folder_of(path);
  const FileDescriptor folder = RCC_TRY(open_folder_of(path, folder_path));
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
