#include "backends/torch/window.h"

#include <ATen/ops/constant_pad_nd.h>

#include <algorithm>

namespace rcc {

namespace {

Ints one_per_axis(const Ints& given, std::size_t axes, std::int64_t fallback) {
  return given.empty() ? Ints(axes, fallback) : given;
}

}  // namespace

Window window_of(const Node& node, Ints kernel, const at::Tensor& x) {
  const std::size_t axes = kernel.size();
  TORCH_CHECK(axes >= 1 && axes <= 3 && x.dim() == static_cast<std::int64_t>(axes) + 2,
              "needs an input of 3 to 5 axes, with one size of the kernel per spatial axis");
  Window window;
  window.kernel = std::move(kernel);
  window.strides = one_per_axis(node.attribute_ints(attr::strides), axes, 1);
  window.dilations = one_per_axis(node.attribute_ints(attr::dilations), axes, 1);
  const Ints pads = one_per_axis(node.attribute_ints(attr::pads), 2 * axes, 0);
  window.begin_pads.assign(pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(axes));
  window.end_pads.assign(pads.begin() + static_cast<std::ptrdiff_t>(axes), pads.end());
  const std::string& automatic = node.attribute_string(attr::auto_pad);
  if (automatic != "SAME_UPPER" && automatic != "SAME_LOWER") return window;
  for (std::size_t i = 0; i < axes; ++i) {
    const std::int64_t size = x.size(static_cast<std::int64_t>(i) + 2);
    const std::int64_t reach = (window.kernel[i] - 1) * window.dilations[i] + 1;
    const std::int64_t windows = (size + window.strides[i] - 1) / window.strides[i];
    const std::int64_t total =
        std::max<std::int64_t>((windows - 1) * window.strides[i] + reach - size, 0);
    window.begin_pads[i] = automatic == "SAME_UPPER" ? total / 2 : total - total / 2;
    window.end_pads[i] = total - window.begin_pads[i];
  }
  return window;
}

at::Tensor apply_pads(const at::Tensor& x, Window& window, double value) {
  Ints amounts;
  for (std::size_t i = window.rank(); i-- > 0;) {
    amounts.push_back(window.begin_pads[i]);
    amounts.push_back(window.end_pads[i]);
  }
  window.begin_pads.assign(window.rank(), 0);
  window.end_pads = window.begin_pads;
  return at::constant_pad_nd(x, amounts, value);
}

}  // namespace rcc
