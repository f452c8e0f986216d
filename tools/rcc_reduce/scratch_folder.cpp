#include "tools/rcc_reduce/scratch_folder.h"

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace rcc {

Result<ScratchFolder> ScratchFolder::make() {
  std::string pattern = (std::filesystem::temp_directory_path() / "rcc-reduce.XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    return fail(ErrorKind::environment,
                fmt::format("cannot create `{}`: {}", pattern, std::strerror(errno)));
  return ScratchFolder(pattern);
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace rcc
