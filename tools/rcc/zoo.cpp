#include <map>

#include "frontends/onnx/export.h"
#include "ir/cost.h"
#include "ir/support/number_text.h"
#include "tools/rcc/commands.h"
#include "tools/rcc/model_file.h"
#include "tools/rcc/zoo_model.h"

namespace rcc {

namespace {

const std::map<std::string, Stem> kStems{{"imagenet", Stem::imagenet}, {"cifar", Stem::cifar}};

// "3x32x32" as channels, height, width.
Result<void> read_input(std::string_view text, ZooOptions& options) {
  std::vector<std::int64_t> sizes;
  for (std::string_view rest = text;;) {
    const std::size_t cross = rest.find('x');
    const auto size = parse_int(rest.substr(0, cross));
    constexpr std::int64_t kMost = 1 << 14;
    if (size && *size >= 1 && *size <= kMost) sizes.push_back(*size);
    if (!size || cross == std::string_view::npos) break;
    rest.remove_prefix(cross + 1);
  }
  if (sizes.size() != 3 ||
      fmt::format("{}", fmt::join(sizes, "x")) != text)
    return fail(ErrorKind::usage, fmt::format("`{}` is no input size", text),
                "write CHANNELSxHEIGHTxWIDTH, for example --input 3x32x32");
  options.channels = sizes[0];
  options.height = sizes[1];
  options.width = sizes[2];
  return {};
}

Result<void> make_model(const std::string& name, const std::string& input,
                        const std::string& output, ZooOptions options, Console& console) {
  RCC_TRY(read_input(input, options));
  const std::vector<std::string_view> models{"resnet18"};
  if (name != models.front()) {
    const std::string_view nearest = nearest_name(name, models);
    return fail(ErrorKind::usage, fmt::format("the zoo has no `{}`", name),
                nearest.empty() ? "models: resnet18" : fmt::format("did you mean `{}`?", nearest));
  }
  RCC_TRY(check_model_output(output));
  const Graph graph = RCC_TRY(make_resnet18(options));
  ExportOptions export_options;
  export_options.sink = &console;
  RCC_TRY(export_onnx(graph, output, export_options));
  const Cost total = cost(graph);
  console.line(fmt::format("wrote {}  {} params  {} MACs  untrained, seed {}", output,
                           count_text(total.params), count_text(total.macs), options.seed));
  return {};
}

}  // namespace

int zoo_command(const Arguments& arguments) {
  Console console;
  CLI::App app("Write an untrained model.", "rcc zoo");
  std::string name;
  std::string input = "3x32x32";
  std::string stem = "imagenet";
  std::string output;
  ZooOptions options;
  app.add_option("model", name, "resnet18")->required();
  app.add_option("--input", input, "channels, height and width")->capture_default_str();
  app.add_option("--classes", options.classes, "outputs of the classifier")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  app.add_option("--stem", stem, "the first layers: 7x7 and a max-pool, or 3x3")
      ->check(CLI::IsMember(kStems))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "of the weights")
      ->check(check_whole_number)
      ->capture_default_str();
  app.add_option("-o,--output", output, "the file to write")->required();
  if (const auto code = parse_arguments(app, arguments, console)) return *code;
  options.stem = kStems.at(stem);
  const auto done = make_model(name, input, output, options, console);
  return done ? 0 : console.fail(done.error());
}

}  // namespace rcc
