#include "tools/rcc/zoo_model.h"

#include <cmath>
#include <utility>

#include "ir/shape_inference.h"
#include "ir/support/random.h"

namespace rcc {

namespace {

// A layer's place among the modules, as PyTorch's exporter spells it.
struct Module {
  // Of its weights: "layer1.0.conv1".
  std::string name;
  // Of its node, before the operator: "/layer1/layer1.0/conv1/".
  std::string path;

  Module child(std::string_view part) const {
    return name.empty() ? Module{std::string(part), fmt::format("/{}/", part)}
                        : Module{fmt::format("{}.{}", name, part), fmt::format("{}{}/", path, part)};
  }
  // A member of a sequence, which the exporter spells with the name of the sequence.
  Module item(int index) const {
    const std::string full = fmt::format("{}.{}", name, index);
    const std::size_t dot = name.find_last_of('.');
    const std::string last = dot == std::string::npos ? full : full.substr(dot + 1);
    return {full, fmt::format("{}{}/", path, last)};
  }
};

struct Window {
  std::int64_t size = 3;
  std::int64_t stride = 1;
  std::int64_t padding = 1;
};

class ResNetBuilder {
 public:
  explicit ResNetBuilder(const ZooOptions& options) : options_(options), graph_("main_graph") {}

  Result<Graph> build() {
    graph_.info().opsets[""] = 17;
    graph_.info().ir_version = 8;
    Value& input = graph_.add_input(
        "input", Type(DType::f32, {graph_.symbols().intern("N"), options_.channels,
                                   options_.height, options_.width}));
    const Module root{"", "/"};
    const bool is_cifar = options_.stem == Stem::cifar;
    Value* x = &convolution(root.child("conv1"), input, options_.channels, 64,
                            is_cifar ? Window{3, 1, 1} : Window{7, 2, 3});
    x = &relu(root.child("relu"), batch_norm(root.child("bn1"), *x, 64));
    if (!is_cifar) {
      x = &node(OpKind::max_pool, "/maxpool/MaxPool", {x},
                {{attr::kernel_shape, Ints{3, 3}},
                 {attr::pads, Ints{1, 1, 1, 1}},
                 {attr::strides, Ints{2, 2}}});
    }
    std::int64_t channels = 64;
    for (int stage = 1; stage <= 4; ++stage) {
      const Module layer = root.child(fmt::format("layer{}", stage));
      const std::int64_t width = std::int64_t{64} << (stage - 1);
      for (int index = 0; index < 2; ++index) {
        x = &block(layer.item(index), *x, channels, width, stage > 1 && index == 0 ? 2 : 1);
        channels = width;
      }
    }
    x = &node(OpKind::global_average_pool, "/avgpool/GlobalAveragePool", {x}, {});
    x = &node(OpKind::flatten, "/Flatten", {x}, {});
    graph_.add_output(classifier(root.child("fc"), *x, channels));
    RCC_TRY(infer_types(graph_));
    return std::move(graph_);
  }

 private:
  Value& block(const Module& module, Value& x, std::int64_t in, std::int64_t out,
               std::int64_t stride) {
    Value& first = batch_norm(module.child("bn1"),
                              convolution(module.child("conv1"), x, in, out, {3, stride, 1}), out);
    Value& middle = relu(module.child("relu"), first);
    Value& second = batch_norm(module.child("bn2"),
                               convolution(module.child("conv2"), middle, out, out, {3, 1, 1}), out);
    Value* shortcut = &x;
    if (stride != 1 || in != out) {
      const Module down = module.child("downsample");
      shortcut = &batch_norm(down.item(1), convolution(down.item(0), x, in, out, {1, stride, 0}),
                             out);
    }
    Value& sum = node(OpKind::add, module.path + "Add", {&second, shortcut}, {});
    return relu(module.child("relu_1"), sum);
  }

  Value& convolution(const Module& module, Value& x, std::int64_t in, std::int64_t out,
                     Window window) {
    // He et al. 2015, for the backward pass: variance 2 / fan-out.
    const double deviation =
        std::sqrt(2.0 / static_cast<double>(out * window.size * window.size));
    const RandomStream random = stream();
    Value& weight = constant(module.name + ".weight", {out, in, window.size, window.size},
                             [&](std::uint64_t i) { return deviation * random.normal(i); });
    const std::int64_t pad = window.padding;
    return node(OpKind::conv, module.path + "Conv", {&x, &weight},
                {{attr::pads, Ints{pad, pad, pad, pad}},
                 {attr::strides, Ints{window.stride, window.stride}}});
  }

  Value& batch_norm(const Module& module, Value& x, std::int64_t channels) {
    const auto filled = [&](std::string_view name, double value) {
      return &constant(fmt::format("{}.{}", module.name, name), {channels},
                       [value](std::uint64_t) { return value; });
    };
    return node(OpKind::batch_norm, module.path + "BatchNormalization",
                {&x, filled("weight", 1), filled("bias", 0), filled("running_mean", 0),
                 filled("running_var", 1)},
                {});
  }

  Value& relu(const Module& module, Value& x) {
    return node(OpKind::relu, module.path + "Relu", {&x}, {});
  }

  Value& classifier(const Module& module, Value& x, std::int64_t in) {
    // PyTorch's Linear: uniform within 1 / sqrt(fan-in).
    const double bound = 1 / std::sqrt(static_cast<double>(in));
    const auto uniform = [&](std::string_view name, std::vector<std::int64_t> shape) {
      const RandomStream random = stream();
      return &constant(fmt::format("{}.{}", module.name, name), std::move(shape),
                       [&](std::uint64_t i) { return bound * (2 * random.uniform(i) - 1); });
    };
    Value* weight = uniform("weight", {options_.classes, in});
    Value* bias = uniform("bias", {options_.classes});
    return node(OpKind::gemm, module.path + "Gemm", {&x, weight, bias},
                {{attr::trans_b, std::int64_t{1}}}, "logits");
  }

  // A stream of its own for each tensor.
  RandomStream stream() { return {options_.seed, "zoo", next_stream_++}; }

  template <typename Element>
  Value& constant(std::string_view name, std::vector<std::int64_t> shape, Element element) {
    Tensor tensor = Tensor::allocate(DType::f32, std::move(shape));
    std::uint64_t index = 0;
    for (float& value : tensor.mutable_elements<float>())
      value = static_cast<float>(element(index++));
    return graph_.add_constant(name, std::move(tensor));
  }

  Value& node(OpKind kind, const std::string& name, std::vector<Value*> operands,
              std::vector<NamedAttribute> attributes, std::string result = {}) {
    if (result.empty()) result = name + "_output_0";
    Provenance provenance;
    provenance.sources.push_back(graph_.intern(name));
    return *graph_
                .add_node({.op = &graph_.ops()[kind],
                           .operands = std::move(operands),
                           .attributes = std::move(attributes),
                           .results = {{std::move(result), {}, false}},
                           .provenance = std::move(provenance)})
                .result();
  }

  ZooOptions options_;
  Graph graph_;
  std::uint64_t next_stream_ = 0;
};

}  // namespace

Result<Graph> make_resnet18(const ZooOptions& options) { return ResNetBuilder(options).build(); }

}  // namespace rcc
