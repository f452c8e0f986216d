#include "backends/torch/timing_engine.h"

#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <chrono>

#include "backends/torch/convert.h"
#include "backends/torch/executor.h"
#include "ir/interpreter.h"

namespace rcc {

namespace {

using Clock = std::chrono::steady_clock;

// The thread count of this process while it lives.
class ThreadScope {
 public:
  explicit ThreadScope(std::int64_t threads) : old_(at::get_num_threads()) {
    at::set_num_threads(static_cast<int>(threads));
  }
  ~ThreadScope() { at::set_num_threads(old_); }
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;

 private:
  int old_;
};

struct Candidate {
  Executor executor;
  std::vector<at::Tensor> inputs;
};

Result<Candidate> make_candidate(const Graph& graph, at::Device device, std::int64_t batch) {
  for (const Node& node : graph.nodes())
    if (node.is(OpKind::quantize) || node.is(OpKind::dynamic_quantize))
      return fail(ErrorKind::usage,
                  fmt::format("{}: the torch engine only simulates quantization, so its speed says "
                              "nothing about the deployed model",
                              node.label()),
                  "time the exported file in the runtime that will run it");
  Candidate candidate{RCC_TRY(Executor::create(graph, {.device = device})), {}};
  const ExecutorOptions layout{.device = device};
  for (const Tensor& input : RCC_TRY(sample_inputs(graph, 0, batch)))
    candidate.inputs.push_back(placed(to_torch(input, device), layout));
  return candidate;
}

// Runs for at least `seconds`, and returns the latency of each run in microseconds.
Result<std::vector<double>> run_for(Candidate& candidate, double seconds, at::Device device) {
  std::vector<double> latencies;
  const auto start = Clock::now();
  const auto end = start + std::chrono::duration<double>(seconds);
  for (auto before = start; before < end || latencies.empty();) {
    RCC_TRY(candidate.executor.run(candidate.inputs));
    if (device.is_cuda()) at::detail::getCUDAHooks().deviceSynchronize(device.index());
    const auto after = Clock::now();
    latencies.push_back(std::chrono::duration<double, std::micro>(after - before).count());
    before = after;
  }
  return latencies;
}

double median(std::vector<double> values) {
  const std::size_t middle = values.size() / 2;
  std::ranges::sort(values);
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace

Result<std::vector<Timing>> TorchEngine::time(std::span<const Graph* const> graphs,
                                              const TimingOptions& options) {
  const ThreadScope threads(options.threads);
  const c10::InferenceMode inference;
  std::vector<Candidate> candidates;
  try {
    for (const Graph* graph : graphs)
      candidates.push_back(RCC_TRY(make_candidate(*graph, device_, options.batch)));
  } catch (const c10::Error& error) {
    return fail(ErrorKind::input, error.what_without_backtrace());
  }
  for (Candidate& candidate : candidates)
    RCC_TRY(run_for(candidate, options.warmup_seconds, device_));
  std::vector<Timing> timings(graphs.size());
  for (std::int64_t round = 0; round < options.rounds; ++round) {
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      std::vector<double> latencies =
          RCC_TRY(run_for(candidates[i], options.seconds_per_round, device_));
      timings[i].runs += latencies.size();
      timings[i].round_medians_us.push_back(median(std::move(latencies)));
    }
  }
  return timings;
}

}  // namespace rcc
