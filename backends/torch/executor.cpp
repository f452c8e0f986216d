#include "backends/torch/executor.h"

#include <array>

#include "backends/torch/convert.h"

namespace rcc {

namespace {

constexpr std::size_t kKinds = static_cast<std::size_t>(OpKind::opaque);

Kernel kernel_of(const Node& node) {
  static const auto table = [] {
    std::array<Kernel, kKinds> kernels{};
    for (const auto rows :
         {contraction_kernels(), elementwise_kernels(), index_kernels(), movement_kernels(),
          normalization_kernels(), quantize_kernels(), reduction_kernels()})
      for (const KernelRow& row : rows) kernels[static_cast<std::size_t>(row.kind)] = row.kernel;
    return kernels;
  }();
  const auto index = static_cast<std::size_t>(node.kind());
  return index < kKinds ? table[index] : nullptr;
}

Diagnostic cannot_run(const Node& node) {
  const std::string_view name = node.op().is_opaque() ? node.op().onnx_name : node.op().name;
  return {
      .message = fmt::format("{}: the torch backend cannot run operator `{}`", node.label(), name),
      .help = "passes that run the model need operators of docs/operators.md only"};
}

// What LibTorch threw, as a diagnostic that names the node.
Error as_error(const Node& node, const std::string& what) {
  const bool is_memory = what.find("allocate") != std::string::npos;
  Diagnostic diagnostic{.message = fmt::format("{}: {}: {}", node.label(), node.op().name, what)};
  if (is_memory) diagnostic.help = "use a smaller `batch`";
  return {is_memory ? ErrorKind::limit : ErrorKind::input, {std::move(diagnostic)}};
}

}  // namespace

std::vector<std::int64_t> KernelContext::ints(std::size_t index) const {
  TORCH_CHECK(has(index), "an operand is missing");
  const Value* value = node.operand(index);
  if (value->is_constant()) return value->tensor().to_ints();
  const at::Tensor list = operand(index).to(at::kCPU, at::kLong).contiguous();
  const auto* data = list.const_data_ptr<std::int64_t>();
  return {data, data + list.numel()};
}

at::Tensor placed(const at::Tensor& tensor, const ExecutorOptions& options) {
  const at::Tensor moved = tensor.to(options.device);
  if (!options.channels_last || moved.dim() != 4) return moved;
  return moved.contiguous(at::MemoryFormat::ChannelsLast);
}

Result<Executor> Executor::create(const Graph& graph, const ExecutorOptions& options) {
  Executor executor(graph, options);
  RCC_TRY(executor.plan());
  RCC_TRY(executor.load_constants());
  return executor;
}

// Keeps the nodes that an output or a watched value needs; a value is freed by its last reader.
Result<void> Executor::plan() {
  IdMap<ValueId, bool> is_needed;
  IdMap<ValueId, bool> is_kept;
  for (const GraphOutput& output : graph_->outputs()) {
    is_needed[output.value->id()] = true;
    is_kept[output.value->id()] = true;
  }
  for (const ValueId id : options_.watched) {
    is_needed[id] = true;
    is_watched_[id] = true;
  }
  Error unsupported;
  std::vector<Step> reversed;
  IdMap<ValueId, bool> has_reader;
  for (const Node& node : graph_->nodes_reversed()) {
    bool runs = false;
    for (std::size_t i = 0; i < node.result_count(); ++i)
      runs |= node.result(i) && is_needed[node.result(i)->id()];
    if (!runs) continue;
    Step step{.node = &node, .kernel = kernel_of(node), .frees = {}};
    if (!step.kernel) unsupported.diagnostics.push_back(cannot_run(node));
    for (std::size_t i = 0; i < node.result_count(); ++i) {
      const Value* result = node.result(i);
      if (result && !has_reader[result->id()] && !is_kept[result->id()])
        step.frees.push_back(result);
    }
    for (std::size_t i = 0; i < node.operand_count(); ++i) {
      const Value* value = node.operand(i);
      if (!value) continue;
      is_needed[value->id()] = true;
      if (has_reader[value->id()]) continue;
      has_reader[value->id()] = true;
      if (!value->is_constant() && !is_kept[value->id()]) step.frees.push_back(value);
    }
    reversed.push_back(std::move(step));
  }
  if (!unsupported.diagnostics.empty()) return fail(std::move(unsupported));
  steps_.assign(std::make_move_iterator(reversed.rbegin()),
                std::make_move_iterator(reversed.rend()));
  return {};
}

Result<void> Executor::load_constants() {
  const auto load = [&](const Value* value) -> Result<void> {
    if (!value || !value->is_constant() || tensors_[value->id()].defined()) return {};
    try {
      tensors_[value->id()] = placed(to_torch(value->tensor(), options_.device), options_);
    } catch (const c10::Error& error) {
      return fail(ErrorKind::input,
                  fmt::format("constant `{}`: {}", value->name(), error.what_without_backtrace()));
    }
    return {};
  };
  for (const Step& step : steps_)
    for (std::size_t i = 0; i < step.node->operand_count(); ++i)
      RCC_TRY(load(step.node->operand(i)));
  for (const GraphOutput& output : graph_->outputs()) RCC_TRY(load(output.value));
  for (const ValueId id : options_.watched) RCC_TRY(load(graph_->value(id)));
  return {};
}

Result<std::vector<at::Tensor>> Executor::run(std::span<const at::Tensor> inputs,
                                              const Watcher& watch) {
  RCC_CHECK(inputs.size() == graph_->inputs().size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Value& value = *graph_->inputs()[i];
    tensors_[value.id()] = placed(inputs[i], options_);
    RCC_TRY(give(value, watch));
  }
  for (const ValueId id : options_.watched)
    if (graph_->value(id)->is_constant()) RCC_TRY(give(*graph_->value(id), watch));
  for (const Step& step : steps_) RCC_TRY(run_step(step, watch));
  std::vector<at::Tensor> outputs;
  for (const GraphOutput& output : graph_->outputs())
    outputs.push_back(tensors_[output.value->id()]);
  for (const GraphOutput& output : graph_->outputs())
    if (!output.value->is_constant()) tensors_[output.value->id()].reset();
  for (const Value* value : graph_->inputs()) tensors_[value->id()].reset();
  return outputs;
}

Result<void> Executor::run_step(const Step& step, const Watcher& watch) {
  const Node& node = *step.node;
  std::vector<const at::Tensor*> operands(node.operand_count(), nullptr);
  for (std::size_t i = 0; i < operands.size(); ++i)
    if (node.operand(i)) operands[i] = &tensors_[node.operand(i)->id()];
  try {
    std::vector<at::Tensor> results =
        step.kernel({.node = node,
                     .operands = operands,
                     .is_training = options_.is_training,
                     .statistics_update = options_.statistics_update});
    for (std::size_t i = 0; i < node.result_count(); ++i) {
      if (!node.result(i)) continue;
      TORCH_CHECK(i < results.size(), "result ", i, " is not supported");
      tensors_[node.result(i)->id()] = std::move(results[i]);
    }
  } catch (const c10::Error& error) {
    return fail(as_error(node, error.what_without_backtrace()));
  } catch (const std::exception& error) {
    return fail(as_error(node, error.what()));
  }
  for (std::size_t i = 0; i < node.result_count(); ++i)
    if (node.result(i)) RCC_TRY(give(*node.result(i), watch));
  for (const Value* value : step.frees) tensors_[value->id()].reset();
  return {};
}

Result<void> Executor::give(const Value& value, const Watcher& watch) const {
  if (!watch || !is_watched_[value.id()]) return {};
  return watch(value.id(), tensors_[value.id()]);
}

const at::Tensor& Executor::constant(const Value& value) const { return tensors_[value.id()]; }

void Executor::set_constant(const Value& value, at::Tensor tensor) {
  RCC_CHECK(tensors_[value.id()].defined());
  tensors_[value.id()] = std::move(tensor);
}

}  // namespace rcc
