#include "ir/hash_attribute.h"

#include <span>

namespace rcc {

void hash_attribute(Hasher& hasher, const AttributeValue& value) {
  const auto add_list = [&](const auto& list) { hasher.add(std::as_bytes(std::span(list))); };
  hasher.add(static_cast<std::uint64_t>(value.index()));
  switch (type_of(value)) {
    case AttributeType::none:
      break;
    case AttributeType::integer:
      add_list(Ints{std::get<std::int64_t>(value)});
      break;
    case AttributeType::real:
      add_list(Floats{std::get<float>(value)});
      break;
    case AttributeType::string:
      hasher.add(std::get<std::string>(value));
      break;
    case AttributeType::ints:
      add_list(std::get<Ints>(value));
      break;
    case AttributeType::reals:
      add_list(std::get<Floats>(value));
      break;
    case AttributeType::strings:
      hasher.add(static_cast<std::uint64_t>(std::get<Strings>(value).size()));
      for (const std::string& item : std::get<Strings>(value)) hasher.add(item);
      break;
    case AttributeType::tensor:
      hasher.add(std::get<Tensor>(value).digest());
      break;
    case AttributeType::raw:
      hasher.add(std::get<RawAttribute>(value).bytes);
      break;
  }
}

}  // namespace rcc
