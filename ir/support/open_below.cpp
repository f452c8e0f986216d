#include "ir/support/open_below.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include <cerrno>
#include <system_error>
#include <vector>

namespace rcc {

namespace {

constexpr int kReadFlags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
constexpr int kFolderFlags = O_RDONLY | O_CLOEXEC | O_DIRECTORY;

tl::unexpected<Error> refuse(std::string_view relative, std::string_view reason) {
  return fail(ErrorKind::input, fmt::format("external data file `{}` {}", relative, reason),
              "external data must be a plain file inside the folder of the model");
}

tl::unexpected<Error> refuse_errno(std::string_view relative, int error) {
  switch (error) {
    case ENOENT:
      return refuse(relative, "does not exist");
    case ELOOP:
    case EMLINK:
      return refuse(relative, "is a symbolic link or lies behind one");
    case EXDEV:
      return refuse(relative, "lies outside the folder of the model");
    case ENOTDIR:
      return refuse(relative, "lies in something that is not a folder, or behind a symbolic link");
    case EACCES:
      return fail(ErrorKind::environment,
                  fmt::format("no permission to read external data file `{}`", relative));
    default:
      return fail(ErrorKind::environment,
                  fmt::format("cannot open external data file `{}`: {}", relative,
                              std::generic_category().message(error)));
  }
}

// The names between the slashes; an error for everything that is not a plain path downwards.
Result<std::vector<std::string>> components(std::string_view relative) {
  constexpr std::size_t kLongest = 4096;
  if (relative.empty()) return refuse(relative, "has no name");
  if (relative.size() >= kLongest)
    return refuse(relative.substr(0, 64), "has a name of more than 4096 bytes");
  if (relative.find('\0') != std::string_view::npos)
    return refuse(relative, "has a NUL in its name");
  if (relative.front() == '/') return refuse(relative, "has an absolute path");
  std::vector<std::string> names;
  while (!relative.empty()) {
    const std::size_t slash = relative.find('/');
    const std::string_view name = relative.substr(0, slash);
    relative.remove_prefix(slash == std::string_view::npos ? relative.size() : slash + 1);
    if (name == "..") return refuse(name, "leaves the folder of the model");
    if (!name.empty() && name != ".") names.emplace_back(name);
  }
  if (names.empty()) return refuse(".", "is a folder");
  return names;
}

Result<FileDescriptor> open_base(const std::filesystem::path& base) {
  const std::string name = base.empty() ? "." : base.string();
  FileDescriptor folder(::open(name.c_str(), kFolderFlags));
  if (!folder.is_open())
    return fail(ErrorKind::environment, fmt::format("cannot open the folder `{}`: {}", name,
                                                    std::generic_category().message(errno)));
  return folder;
}

}  // namespace

Result<FileDescriptor> open_below_by_walk(const std::filesystem::path& base,
                                          std::string_view relative) {
  const std::vector<std::string> names = RCC_TRY(components(relative));
  FileDescriptor folder = RCC_TRY(open_base(base));
  for (std::size_t i = 0; i + 1 < names.size(); ++i) {
    FileDescriptor next(::openat(folder.get(), names[i].c_str(), kFolderFlags | O_NOFOLLOW));
    if (!next.is_open()) return refuse_errno(relative, errno);
    folder = std::move(next);
  }
  FileDescriptor file(::openat(folder.get(), names.back().c_str(), kReadFlags));
  if (!file.is_open()) return refuse_errno(relative, errno);
  return file;
}

Result<FileDescriptor> open_below(const std::filesystem::path& base, std::string_view relative) {
  const std::vector<std::string> names = RCC_TRY(components(relative));
  const FileDescriptor folder = RCC_TRY(open_base(base));
  std::string path = names.front();
  for (std::size_t i = 1; i < names.size(); ++i) path += "/" + names[i];

  struct open_how how {};
  how.flags = kReadFlags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  // EAGAIN: a folder was renamed during the walk.
  constexpr int kTries = 16;
  int error = EAGAIN;
  for (int i = 0; i < kTries && error == EAGAIN; ++i) {
    FileDescriptor file(
        static_cast<int>(::syscall(SYS_openat2, folder.get(), path.c_str(), &how, sizeof(how))));
    if (file.is_open()) return file;
    error = errno;
  }
  if (error == ENOSYS || error == EPERM) return open_below_by_walk(base, relative);
  return refuse_errno(relative, error);
}

}  // namespace rcc
