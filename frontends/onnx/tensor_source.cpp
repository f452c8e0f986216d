#include "frontends/onnx/tensor_source.h"

namespace rcc {

namespace {

constexpr std::uint64_t kMaxExternalBytes = std::uint64_t{1} << 40;

}  // namespace

Result<std::shared_ptr<const MappedFile>> TensorSource::external(std::string_view location) {
  const auto found = external_.find(location);
  if (found != external_.end()) return found->second;
  auto file = RCC_TRY(MappedFile::open_below(folder_, location, kMaxExternalBytes));
  external_.emplace(location, file);
  return file;
}

}  // namespace rcc
