#include "backends/torch/device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <dlfcn.h>
#include <torch/headeronly/version.h>

#include <charconv>
#include <filesystem>
#include <fstream>

#include "backends/torch/precision.h"

namespace rcc {

namespace {

// Registers LibTorch's CUDA functions, so that this module needs no CUDA library where none is
// used.
void load_cuda_part() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&at::get_cpu_capability), &info) == 0) return;
  const auto library = std::filesystem::path(info.dli_fname).replace_filename("libtorch_cuda.so");
  dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL);
}

}  // namespace

Result<at::Device> open_device(std::string_view text) {
  if (text == "cpu") return at::Device(at::kCPU);
  int index = 0;
  bool is_valid = text == "cuda";
  if (text.starts_with("cuda:")) {
    const char* end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data() + 5, end, index);
    is_valid = problem == std::errc() && stop == end && index >= 0 && index < 64;
  }
  if (!is_valid)
    return fail(ErrorKind::usage, fmt::format("device `{}` is not known", text),
                "write cpu, cuda:0, cuda:1, ...");
  load_cuda_part();
  const int count = at::hasCUDA() ? at::detail::getCUDAHooks().deviceCount() : 0;
  if (count == 0)
    return fail(ErrorKind::environment,
                fmt::format("device `{}`: no NVIDIA GPU can be used on this machine", text),
                "check that `nvidia-smi` lists a GPU, or use --device=cpu");
  if (index >= count)
    return fail(ErrorKind::environment,
                fmt::format("device `{}`: this machine has {} GPU(s)", text, count),
                fmt::format("use cuda:0 to cuda:{}", count - 1));
  return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(index));
}

bool device_has_bf16(at::Device device) {
  if (device.is_cpu()) return processor_has_bf16();
  return at::detail::getCUDAHooks().supportsBFloat16ConvolutionWithCuDNNv8();
}

void set_up_torch(std::int64_t threads) {
  if (threads > 0) at::set_num_threads(static_cast<int>(threads));
  at::Context& context = at::globalContext();
  context.setDeterministicAlgorithms(true, /*warn_only=*/false);
  // Would fill every fresh tensor with NaN.
  context.setDeterministicFillUninitializedMemory(false);
  context.setDeterministicCuDNN(true);
  context.setBenchmarkCuDNN(false);
  context.setAllowTF32CuBLAS(false);
  context.setAllowTF32CuDNN(false);
}

std::string describe_torch(at::Device device) {
  return fmt::format("LibTorch {}, {}, {} threads, {}", TORCH_VERSION, device.str(),
                     at::get_num_threads(), at::get_cpu_capability());
}

std::uint64_t peak_memory_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with("VmHWM:")) continue;
    return std::stoull(line.substr(6)) * 1024;
  }
  return 0;
}

}  // namespace rcc
