#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ir/graph.h"
#include "ir/support/result.h"
#include "passes/options.h"

// What passes ask of the backends, in plain C++ types. Implemented by modules that are loaded when
// a step first needs one; a machine without them still runs every graph-only recipe.

namespace rcc {

// ---------------------------------------------------------------------------------------- data

// Which part of the recipe's data a service works on.
enum class DataSplit : std::uint8_t { train, eval, calibrate };

// [data] of a recipe. Images come out as f32 NCHW, (x / 255 - mean) / std per channel.
struct DataOptions {
  // "images:FOLDER" (FOLDER/<class>/*.jpg|jpeg|png), "cifar10:DIR", "idx:IMAGES,LABELS". Relative
  // paths are resolved by the recipe reader before they get here.
  std::string train;
  std::string eval;

  struct Calibrate {
    std::string from = "train";
    std::int64_t samples = 512;
    void describe(OptionVisitor& v) {
      v.field("from", from, "the split to draw from", {.choices = {"train", "eval"}});
      v.field("samples", samples, "how many images, drawn evenly", {.minimum = 1});
    }
  } calibrate;
  bool has_calibrate = false;

  // Never guessed: without it loading is an error that says so.
  struct Normalize {
    std::vector<double> mean;
    std::vector<double> std;
    void describe(OptionVisitor& v) {
      v.field("mean", mean, "per channel, of values in [0, 1]");
      v.field("std", std, "per channel, of values in [0, 1]",
              {.minimum = 0, .excludes_minimum = true});
    }
  } normalize;
  bool has_normalize = false;

  std::string channels = "rgb";
  // Height, width; empty: as in the files.
  std::vector<std::int64_t> resize;
  // Augmentation, train split only. Zero padding in pixels on each side, then a random crop back.
  std::int64_t crop_padding = 0;
  bool flip = false;
  std::int64_t batch = 64;

  void describe(OptionVisitor& v);
};

// ---------------------------------------------------------------------------------- evaluation

struct Accuracy {
  std::uint64_t correct = 0;
  std::uint64_t total = 0;
  double top1() const {
    return total == 0 ? 0 : static_cast<double>(correct) / static_cast<double>(total);
  }
  // Wilson score interval of the top-1 share, 95 %.
  double low() const;
  double high() const;
};

// What observing a value over the calibration images gives.
struct ValueStatistics {
  float minimum = 0;
  float maximum = 0;
  // Bins of equal width from bin_low: 2048 over the range of the first batch, more of the same width
  // where later batches reach further. Above 8192, neighbours are merged in pairs. A value that is
  // the same everywhere has one bin of width 0.
  std::vector<std::uint64_t> histogram;
  float bin_low = 0;
  float bin_width = 0;
};

// Mean and variance of each channel (axis 1) over the calibration images.
struct ChannelMoments {
  std::vector<double> mean;
  // Of the population.
  std::vector<double> variance;
};

class Evaluator {
 public:
  virtual ~Evaluator() = default;
  // Top-1 of the graph's only output over a split. Quantize and dequantize nodes are computed as
  // they are (simulated), which equals what an integer engine computes up to rounding of
  // accumulations.
  virtual Result<Accuracy> accuracy(const Graph& graph, DataSplit split) = 0;
  // One entry per value asked for, over the calibration split.
  virtual Result<std::vector<ValueStatistics>> observe(const Graph& graph,
                                                       std::span<const ValueId> values) = 0;
  // The same images, channel by channel.
  virtual Result<std::vector<ChannelMoments>> channel_moments(const Graph& graph,
                                                              std::span<const ValueId> values) = 0;
  // Outputs for given inputs; for tests and `rcc run`-like tools.
  virtual Result<std::vector<Tensor>> run(const Graph& graph, std::span<const Tensor> inputs) = 0;
};

// ------------------------------------------------------------------------------------ training

struct DistillOptions {
  std::string teacher = "original";
  double temperature = 4.0;
  // Share of the distillation loss: (1 - alpha) * CE + alpha * T^2 * KL(teacher || student).
  double alpha = 0.9;
  void describe(OptionVisitor& v);
};

struct TrainOptions {
  double epochs = 1;
  std::int64_t batch = 64;
  double learning_rate = 0.01;
  double momentum = 0.9;
  bool nesterov = false;
  double weight_decay = 5e-4;
  double warmup_epochs = 0;
  std::string schedule = "cosine";
  double label_smoothing = 0;
  // Batches whose gradients are summed before a step.
  std::int64_t accumulate = 1;
  // "auto": bf16 where the processor or GPU has it, and float32 elsewhere; the report says which.
  std::string precision = "float32";
  bool channels_last = true;
  // Train only on the first this many images of the shuffled split; 0: all.
  std::int64_t samples = 0;
  DistillOptions distill = {};
  bool has_distill = false;
  void describe(OptionVisitor& v);
};

struct EpochReport {
  double epoch = 0;
  double loss = 0;
  double learning_rate = 0;
  double train_top1 = 0;
  double seconds = 0;
  double images_per_second = 0;
};

struct TrainReport {
  std::vector<EpochReport> epochs;
  std::uint64_t peak_memory_bytes = 0;
  std::string precision;
  std::string device;
};

class Trainer {
 public:
  virtual ~Trainer() = default;
  // Trains the float constants that operators read as weight, bias, gamma, beta (and running
  // statistics where the graph has BatchNorm) and writes them back. Zeros of sparse constants stay
  // exactly zero. Quantizer nodes are trained through with the straight-through estimator.
  // `teacher` is null without distillation.
  virtual Result<TrainReport> train(Graph& graph, const Graph* teacher, const TrainOptions& options,
                                    std::uint64_t seed) = 0;
  // Replaces the running statistics of every BatchNorm by averages over the first `samples` images
  // of the shuffled train split, unchanged images, each BatchNorm fed by the ones before it in
  // training mode. Returns the number of BatchNorm nodes.
  virtual Result<std::uint64_t> reestimate_batch_norm(Graph& graph, std::int64_t samples,
                                                      std::uint64_t seed) = 0;
};

// --------------------------------------------------------------------------------------- timing

struct TimingOptions {
  std::int64_t batch = 1;
  std::int64_t threads = 1;
  std::int64_t rounds = 15;
  // Seconds of warm-up and of measurement per graph and round, at least.
  double warmup_seconds = 0.2;
  double seconds_per_round = 0.2;
};

struct Timing {
  // One median latency per round, in microseconds.
  std::vector<double> round_medians_us;
  std::uint64_t runs = 0;
};

class Engine {
 public:
  virtual ~Engine() = default;
  virtual std::string_view name() const = 0;
  // Times several graphs in interleaved rounds (A, B, A, B, ...), so that drift hits all alike.
  virtual Result<std::vector<Timing>> time(std::span<const Graph* const> graphs,
                                           const TimingOptions& options) = 0;
};

// ------------------------------------------------------------------------------------- services

struct Progress {
  std::string stage;
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  double images_per_second = 0;
  double loss = 0;
  double seconds_left = 0;
};

struct ServiceConfig {
  DataOptions data;
  // "cpu", "cuda:0", ...
  std::string device = "cpu";
  std::int64_t threads = 0;
  std::uint64_t seed = 0;
  // Called often (every batch); the tool decides what to show. May be empty.
  std::function<void(const Progress&)> on_progress;
  // Called once per epoch or long stage with a finished line. May be empty.
  std::function<void(const std::string&)> on_line;
};

// Everything a backend module offers.
class Services {
 public:
  virtual ~Services() = default;
  // Name and version of what computes, e.g. "LibTorch 2.11.0 cpu, 2 threads, AVX512".
  virtual std::string description() const = 0;
  virtual Evaluator& evaluator() = 0;
  virtual Trainer& trainer() = 0;
  virtual Engine& engine() = 0;
  // Digest of the contents of a split and its preprocessing: enters cache keys and provenance.
  virtual Result<Digest> data_fingerprint(DataSplit split) = 0;
  virtual Result<std::uint64_t> data_size(DataSplit split) = 0;
};

// Loads the services on first request. The tools give one to the pipeline.
class ServiceProvider {
 public:
  virtual ~ServiceProvider() = default;
  // Error of kind environment when no backend module is installed or the device is missing; of kind
  // usage when the recipe has no data for what is asked.
  virtual Result<Services*> services() = 0;
};

// The one symbol a module exports (extern "C"):
//   Result<Services*> stored in *error/*services; see kServicesSymbol.
inline constexpr const char* kServicesSymbol = "rcc_create_services";
inline constexpr std::uint32_t kServicesInterfaceVersion = 1;
using CreateServicesFunction = Services* (*)(std::uint32_t interface_version,
                                             const ServiceConfig& config, Error& error);

}  // namespace rcc
