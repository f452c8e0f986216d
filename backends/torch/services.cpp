// The module's entry: LibTorch behind passes/services.h.
#include "passes/services.h"

#include "backends/torch/data_splits.h"
#include "backends/torch/device.h"
#include "backends/torch/evaluator.h"
#include "backends/torch/timing_engine.h"
#include "backends/torch/trainer.h"

namespace rcc {

namespace {

class TorchServices final : public Services {
 public:
  TorchServices(const ServiceConfig& config, at::Device device)
      : config_(config),
        device_(device),
        splits_(config_),
        evaluator_(config_, splits_, device),
        trainer_(config_, splits_, device),
        engine_(device) {}

  std::string description() const override { return describe_torch(device_); }
  Evaluator& evaluator() override { return evaluator_; }
  Trainer& trainer() override { return trainer_; }
  Engine& engine() override { return engine_; }
  Result<Digest> data_fingerprint(DataSplit split) override { return splits_.fingerprint(split); }
  Result<std::uint64_t> data_size(DataSplit split) override {
    const SplitView view = RCC_TRY(splits_.view(split));
    return view.samples.size();
  }

 private:
  ServiceConfig config_;
  at::Device device_;
  DataSplits splits_;
  TorchEvaluator evaluator_;
  TorchTrainer trainer_;
  TorchEngine engine_;
};

Result<Services*> create(std::uint32_t interface_version, const ServiceConfig& config) {
  if (interface_version != kServicesInterfaceVersion)
    return fail(ErrorKind::environment,
                fmt::format("the torch module has interface version {}, rcc needs {}",
                            kServicesInterfaceVersion, interface_version),
                "build rcc and its modules from the same sources");
  const at::Device device = RCC_TRY(open_device(config.device));
  set_up_torch(config.threads);
  return new TorchServices(config, device);
}

}  // namespace

}  // namespace rcc

// Null on failure, with the reason in `error`.
extern "C" [[gnu::visibility("default")]] rcc::Services* rcc_create_services(
    std::uint32_t interface_version, const rcc::ServiceConfig& config, rcc::Error& error) {
  try {
    rcc::Result<rcc::Services*> services = rcc::create(interface_version, config);
    if (services) return *services;
    error = std::move(services).error();
  } catch (const std::exception& problem) {
    error = {rcc::ErrorKind::environment, {{.message = problem.what()}}};
  }
  return nullptr;
}
