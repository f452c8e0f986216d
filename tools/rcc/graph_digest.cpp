#include "tools/rcc/graph_digest.h"

#include <dlfcn.h>

#include "ir/text.h"
#include "ir/version.h"
#include "tools/rcc/services_loader.h"

namespace rcc {

Result<Digest> graph_digest(const Graph& graph) {
  PrintOptions options;
  options.max_literal_elements = 0;
  Hasher hasher;
  hasher.add(RCC_TRY(print(graph, options)));
  for (const Value* constant : graph.constants()) {
    if (constant->tensor().is_elided())
      hasher.add("elided");
    else
      hasher.add(constant->tensor().digest());
  }
  return hasher.digest();
}

Result<Digest> program_digest(bool with_module) {
  constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 32;
  Hasher hasher;
  const auto add = [&hasher](const std::filesystem::path& path) -> Result<void> {
    const auto file = RCC_TRY(MappedFile::open(path, kMaxBytes));
    hasher.add(file->bytes());
    return {};
  };
  hasher.add(version());
  RCC_TRY(add(std::filesystem::canonical("/proc/self/exe")));
  Dl_info library{};
  if (::dladdr(reinterpret_cast<const void*>(&version), &library) != 0) RCC_TRY(add(library.dli_fname));
  if (with_module) RCC_TRY(add(module_path()));
  return hasher.digest();
}

}  // namespace rcc
