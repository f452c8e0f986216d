#include "backends/torch/autocast.h"

#include <ATen/autocast_mode.h>

namespace rcc {

AutocastScope::AutocastScope(at::DeviceType device, bool is_enabled)
    : device_(device),
      was_enabled_(at::autocast::is_autocast_enabled(device)),
      old_type_(at::autocast::get_autocast_dtype(device)) {
  at::autocast::increment_nesting();
  at::autocast::set_autocast_enabled(device_, is_enabled);
  at::autocast::set_autocast_dtype(device_, at::kBFloat16);
}

AutocastScope::~AutocastScope() {
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(device_, was_enabled_);
  at::autocast::set_autocast_dtype(device_, old_type_);
}

}  // namespace rcc
