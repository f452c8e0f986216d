#pragma once

#include <ATen/core/Tensor.h>

#include "passes/services.h"

namespace rcc {

// Times graphs in float32 as LibTorch runs them operator by operator. Weights are not prepacked, so
// it is slower than a deployment engine: a reference, not a claim.
class TorchEngine final : public Engine {
 public:
  explicit TorchEngine(at::Device device) : device_(device) {}
  std::string_view name() const override { return "torch"; }
  Result<std::vector<Timing>> time(std::span<const Graph* const> graphs,
                                   const TimingOptions& options) override;

 private:
  at::Device device_;
};

}  // namespace rcc
