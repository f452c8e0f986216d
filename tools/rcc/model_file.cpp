#include "tools/rcc/model_file.h"

#include <algorithm>

#include "frontends/onnx/import.h"
#include "ir/support/check_output.h"
#include "ir/text.h"

namespace rcc {

Result<Graph> read_model(const std::filesystem::path& path, DiagnosticSink& sink) {
  if (path.extension() != ".rir") return import_onnx(path, {.sink = &sink});
  constexpr std::uint64_t kMaxTextBytes = std::uint64_t{1} << 30;
  const std::string text = RCC_TRY(read_text_file(path, kMaxTextBytes));
  ParseOptions options;
  options.base = path.parent_path();
  return parse_graph(text, path.string(), options);
}

Result<void> check_model_output(const std::filesystem::path& path) {
  if (path.extension() == ".rir")
    return fail(ErrorKind::usage,
                fmt::format("`{}` would be a model with the name of a text", path.string()),
                "name it .onnx; rcc-opt writes the text of a model");
  return check_output(path);
}

std::uint64_t model_bytes(const std::filesystem::path& path, std::uint64_t weight_bytes) {
  std::error_code error;
  const std::uint64_t bytes = std::filesystem::file_size(path, error);
  return error ? weight_bytes : std::max(bytes, weight_bytes);
}

}  // namespace rcc
