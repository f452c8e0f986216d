#pragma once

#include <cmath>
#include <string>

#include "ir/graph.h"

namespace rcc {

struct ResNet18Options {
  std::int64_t size = 224;
  std::int64_t classes = 1000;
  // A 3x3 stem and no max pool.
  bool is_cifar = false;
  // What is kept of the channels that residual additions couple, and of those inside blocks.
  double spine = 1;
  double inner = 1;
};

// torchvision's ResNet18 with BatchNorm, weights filled with small numbers.
class ResNet18Builder {
 public:
  explicit ResNet18Builder(const ResNet18Options& options) : options_(options) {}

  Graph build() {
    Value* x = &graph_.add_input(
        "x", Type(DType::f32, {Dim(1), Dim(3), Dim(options_.size), Dim(options_.size)}));
    const bool is_cifar = options_.is_cifar;
    x = &conv(*x, spine(64), is_cifar ? 3 : 7, is_cifar ? 1 : 2);
    x = &graph_.add(OpKind::relu, {x});
    if (!is_cifar) {
      x = &graph_.add(OpKind::max_pool, {x},
                      {{attr::kernel_shape, Ints{3, 3}},
                       {attr::pads, Ints{1, 1, 1, 1}},
                       {attr::strides, Ints{2, 2}}});
    }
    for (const std::int64_t width : {64, 128, 256, 512}) {
      x = &block(*x, width, width == 64 ? 1 : 2);
      x = &block(*x, width, 1);
    }
    x = &graph_.add(OpKind::global_average_pool, {x});
    x = &graph_.add(OpKind::flatten, {x});
    Value& weight = filled({options_.classes, x->type().dims[1].size()});
    x = &graph_.add(OpKind::gemm, {x, &weight, &filled({options_.classes})},
                    {{attr::trans_b, std::int64_t{1}}});
    graph_.add_output(*x);
    return std::move(graph_);
  }

 private:
  static std::int64_t kept(double ratio, std::int64_t width) {
    return static_cast<std::int64_t>(std::floor(ratio * static_cast<double>(width)));
  }
  std::int64_t spine(std::int64_t width) const { return kept(options_.spine, width); }

  Value& filled(std::vector<std::int64_t> shape) {
    Tensor tensor = Tensor::allocate(DType::f32, std::move(shape));
    float value = 0;
    for (float& element : tensor.mutable_elements<float>()) {
      element = value;
      value = value > 0.03f ? -0.03f : value + 0.001f;
    }
    return graph_.add_constant("", std::move(tensor));
  }

  Value& ones(std::int64_t channels) {
    const std::vector<float> values(static_cast<std::size_t>(channels), 1);
    return graph_.add_constant("", Tensor::of<float>({channels}, values));
  }

  Value& conv(Value& x, std::int64_t channels, std::int64_t kernel, std::int64_t stride) {
    const std::int64_t pad = kernel / 2;
    Value& weight = filled({channels, x.type().dims[1].size(), kernel, kernel});
    Value& y =
        graph_.add(OpKind::conv, {&x, &weight},
                   {{attr::pads, Ints{pad, pad, pad, pad}}, {attr::strides, Ints{stride, stride}}});
    return graph_.add(OpKind::batch_norm, {&y, &ones(channels), &filled({channels}),
                                           &filled({channels}), &ones(channels)});
  }

  Value& block(Value& x, std::int64_t width, std::int64_t stride) {
    Value& inside = conv(x, kept(options_.inner, width), 3, stride);
    Value& active = graph_.add(OpKind::relu, {&inside});
    Value& y = conv(active, spine(width), 3, 1);
    Value& shortcut = stride == 1 ? x : conv(x, spine(width), 1, stride);
    Value& sum = graph_.add(OpKind::add, {&y, &shortcut});
    return graph_.add(OpKind::relu, {&sum});
  }

  ResNet18Options options_;
  Graph graph_;
};

inline Graph build_resnet18(const ResNet18Options& options) {
  return ResNet18Builder(options).build();
}

}  // namespace rcc
