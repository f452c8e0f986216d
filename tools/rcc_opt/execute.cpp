#include "tools/rcc_opt/execute.h"

#include <fmt/format.h>

#include <iterator>

#include "ir/interpreter.h"
#include "ir/support/number_text.h"
#include "tools/rcc_opt/npy.h"

namespace rcc {

namespace {

// More elements than this are cut off in the text.
constexpr std::int64_t kMostPrinted = 64;

std::string element_text(const Tensor& tensor, std::int64_t index) {
  if (tensor.dtype() == DType::string) return tensor.strings()[static_cast<std::size_t>(index)];
  if (tensor.dtype() == DType::f32) return to_text(static_cast<float>(tensor.at(index)));
  if (is_float(tensor.dtype())) return to_text(tensor.at(index));
  return fmt::format("{:.0f}", tensor.at(index));
}

std::string tensor_text(const Tensor& tensor) {
  std::string out = to_text(tensor.type(), SymbolTable()) + " <";
  const std::int64_t count = std::min(tensor.element_count(), kMostPrinted);
  for (std::int64_t i = 0; i < count; ++i) {
    if (i > 0) out += ", ";
    out += element_text(tensor, i);
  }
  if (count < tensor.element_count()) out += ", ...";
  return out + ">";
}

std::filesystem::path numbered(const std::filesystem::path& folder, std::string_view what,
                               std::size_t index) {
  return folder / fmt::format("{}_{}.npy", what, index);
}

Result<std::vector<Tensor>> read_inputs(const Graph& graph, const std::filesystem::path& folder) {
  std::vector<Tensor> inputs;
  for (std::size_t i = 0; i < graph.inputs().size(); ++i) {
    inputs.push_back(RCC_TRY(read_npy(numbered(folder, "input", i))));
    const Value& input = *graph.inputs()[i];
    const bool fits = inputs.back().dtype() == input.type().dtype &&
                      (!input.type().is_ranked || inputs.back().rank() == input.type().rank());
    if (!fits)
      return fail(ErrorKind::input,
                  {.message = fmt::format("input %{} is {}, not {}", input.name(),
                                          to_text(input.type(), graph.symbols()),
                                          to_text(inputs.back().type(), SymbolTable())),
                   .place = numbered(folder, "input", i).string()});
  }
  return inputs;
}

Result<void> write_all(const std::filesystem::path& folder, std::string_view what,
                       const std::vector<Tensor>& tensors) {
  for (std::size_t i = 0; i < tensors.size(); ++i)
    RCC_TRY(write_npy(numbered(folder, what, i), tensors[i]));
  return {};
}

}  // namespace

Result<std::string> execute(const Graph& graph, const Settings& settings) {
  const std::vector<Tensor> inputs = settings.run_inputs.empty()
                                         ? RCC_TRY(sample_inputs(graph, settings.seed))
                                         : RCC_TRY(read_inputs(graph, settings.run_inputs));
  const std::vector<Tensor> outputs = RCC_TRY(interpret(graph, inputs));
  if (!settings.run_outputs.empty()) {
    RCC_TRY(write_all(settings.run_outputs, "input", inputs));
    RCC_TRY(write_all(settings.run_outputs, "output", outputs));
  }
  std::string text = fmt::format("run @{}\n", graph.name());
  for (std::size_t i = 0; i < outputs.size(); ++i)
    fmt::format_to(std::back_inserter(text), "  {}: {}\n", graph.outputs()[i].name,
                   tensor_text(outputs[i]));
  return text;
}

}  // namespace rcc
