#include "ir/support/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <vector>

#include "ir/support/file_descriptor.h"
#include "ir/support/mapping_guard.h"
#include "ir/support/number_text.h"
#include "ir/support/open_below.h"

namespace rcc {

namespace {

namespace fs = std::filesystem;

std::string error_text(int error) { return std::generic_category().message(error); }

// A remedy for a name that is not there: the missing folder, or the nearest name beside it.
std::string missing_file_help(const fs::path& path) {
  constexpr std::size_t kMostEntries = 10000;
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  if (error) return fmt::format("the folder `{}` cannot be read either", folder.string());
  std::vector<std::string> names;
  for (; entry != fs::directory_iterator() && names.size() < kMostEntries; entry.increment(error)) {
    if (error) break;
    names.push_back(entry->path().filename().string());
  }
  const std::string wanted = path.filename().string();
  const std::vector<std::string_view> views(names.begin(), names.end());
  const std::string_view nearest = nearest_name(wanted, views);
  return nearest.empty()
             ? std::string()
             : fmt::format("did you mean `{}`?", (path.parent_path() / nearest).string());
}

std::string_view kind_of_file(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "not a regular file";
}

Result<FileDescriptor> open_to_read(const fs::path& path) {
  // O_NONBLOCK: opening a pipe that nobody writes to must not wait.
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (file.is_open()) return file;
  const int error = errno;
  const std::string name = path.string();
  if (error == ENOENT)
    return fail(ErrorKind::input, fmt::format("the file `{}` does not exist", name),
                missing_file_help(path));
  if (error == ENOTDIR)
    return fail(ErrorKind::input, fmt::format("the path `{}` passes through a file", name));
  if (error == ENXIO)
    return fail(ErrorKind::input, fmt::format("`{}` is a socket, not a file", name));
  if (error == EACCES || error == EPERM)
    return fail(ErrorKind::environment, fmt::format("no permission to read `{}`", name));
  return fail(ErrorKind::environment, fmt::format("cannot open `{}`: {}", name, error_text(error)));
}

struct FileFacts {
  std::uint64_t size;
  std::uint64_t links;
};

// Size of a regular file within the limit.
Result<FileFacts> check_file(int fd, const fs::path& path, std::uint64_t max_bytes) {
  struct stat status {};
  if (::fstat(fd, &status) != 0)
    return fail(ErrorKind::environment,
                fmt::format("cannot examine `{}`: {}", path.string(), error_text(errno)));
  if (!S_ISREG(status.st_mode))
    return fail(ErrorKind::input,
                fmt::format("`{}` is {}, not a file", path.string(), kind_of_file(status.st_mode)));
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > max_bytes)
    return fail(ErrorKind::limit,
                fmt::format("`{}` has {} ({} bytes), more than the limit of {}", path.string(),
                            size_text(size), size, size_text(max_bytes)));
  return FileFacts{size, static_cast<std::uint64_t>(status.st_nlink)};
}

// Reads until `buffer` is full or the file ends; the bytes read.
Result<std::size_t> read_all(int fd, std::span<std::byte> buffer, const fs::path& path) {
  std::size_t done = 0;
  while (done < buffer.size()) {
    const ssize_t count = ::read(fd, buffer.data() + done, buffer.size() - done);
    if (count == 0) break;
    if (count > 0) {
      done += static_cast<std::size_t>(count);
    } else if (errno != EINTR) {
      return fail(ErrorKind::environment,
                  fmt::format("cannot read `{}`: {}", path.string(), error_text(errno)));
    }
  }
  return done;
}

}  // namespace

Result<std::shared_ptr<const MappedFile>> MappedFile::map(int fd, fs::path path,
                                                          std::uint64_t max_bytes) {
  const FileFacts facts = RCC_TRY(check_file(fd, path, max_bytes));
  std::shared_ptr<MappedFile> file(new MappedFile);
  file->path_ = std::move(path);
  if (facts.size == 0) return file;

  void* address = ::mmap(nullptr, facts.size, PROT_READ, MAP_PRIVATE, fd, 0);
  const bool mapped = address != MAP_FAILED;
  if (!mapped) {
    // Some file systems cannot map; their files are read into memory instead.
    address =
        ::mmap(nullptr, facts.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (address == MAP_FAILED)
      return fail(ErrorKind::limit, fmt::format("not enough memory for `{}` ({})",
                                                file->path_.string(), size_text(facts.size)));
  }
  file->bytes_ = {static_cast<const std::byte*>(address), facts.size};
  register_mapping(address, facts.size, file->path_.native());
  if (!mapped) {
    const std::span<std::byte> buffer(static_cast<std::byte*>(address), facts.size);
    if (RCC_TRY(read_all(fd, buffer, file->path_)) != facts.size)
      return fail(ErrorKind::input,
                  fmt::format("`{}` was cut short while it was being read", file->path_.string()));
  }
  return file;
}

Result<std::shared_ptr<const MappedFile>> MappedFile::open(const fs::path& path,
                                                           std::uint64_t max_bytes) {
  const FileDescriptor file = RCC_TRY(open_to_read(path));
  return map(file.get(), path, max_bytes);
}

Result<std::shared_ptr<const MappedFile>> MappedFile::open_below(const fs::path& base,
                                                                 std::string_view relative,
                                                                 std::uint64_t max_bytes) {
  const FileDescriptor file = RCC_TRY(rcc::open_below(base, relative));
  fs::path path = base / relative;
  const FileFacts facts = RCC_TRY(check_file(file.get(), path, max_bytes));
  if (facts.links != 1)
    return fail(ErrorKind::input,
                fmt::format("external data file `{}` has {} hard links", relative, facts.links),
                "a file with a second name may belong to somebody else: copy it into the folder of "
                "the model");
  return map(file.get(), std::move(path), max_bytes);
}

MappedFile::~MappedFile() {
  if (bytes_.empty()) return;
  unregister_mapping(bytes_.data());
  ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

Result<std::string> read_text_file(const fs::path& path, std::uint64_t max_bytes) {
  const FileDescriptor file = RCC_TRY(open_to_read(path));
  const FileFacts facts = RCC_TRY(check_file(file.get(), path, max_bytes));
  // One byte more than the size tells a file that grew.
  std::string text(facts.size + 1, '\0');
  const std::size_t size =
      RCC_TRY(read_all(file.get(), std::as_writable_bytes(std::span(text)), path));
  if (size > facts.size)
    return fail(ErrorKind::input,
                fmt::format("`{}` changed while it was being read", path.string()));
  text.resize(size);
  return text;
}

}  // namespace rcc
