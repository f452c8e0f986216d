#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <string_view>
#include <vector>

#include "tools/rcc/commands.h"

namespace rcc {
namespace {

struct Command {
  std::string_view name;
  std::string_view help;
  int (*run)(const Arguments&);
};

constexpr std::array kCommands{
    Command{"run", "apply a recipe to a model; the word may be left out", run_command},
    Command{"inspect", "list the layers of a model", inspect_command},
    Command{"diff", "say how two models differ", diff_command},
    Command{"passes", "list the passes", passes_command},
    Command{"explain", "explain a pass and its options", explain_command},
    Command{"bench", "time models against each other", bench_command},
    Command{"cache", "list or clear kept results of steps", cache_command},
    Command{"doctor", "say what this machine has, and what is off", doctor_command},
    Command{"zoo", "write an untrained model", zoo_command},
    Command{"version", "print the version", version_command},
};

int overview() {
  std::fputs(
      "rcc compresses neural networks: a recipe of passes turns an ONNX model into a smaller one.\n"
      "\n"
      "  rcc --recipe RECIPE.toml MODEL.onnx [-o OUTPUT.onnx]\n"
      "\n"
      "commands:\n",
      stdout);
  for (const Command& command : kCommands)
    fmt::print("  {:<9} {}\n", command.name, command.help);
  std::fputs("\n`rcc COMMAND --help` lists the arguments of a command.\n", stdout);
  return 0;
}

bool names_a_recipe(const Arguments& arguments) {
  for (const std::string& word : arguments)
    if (word == "--recipe" || word == "-r" || word.starts_with("--recipe=")) return true;
  return false;
}

// A model, to judge by its looks, rather than a command.
bool looks_like_file(const std::string& word) {
  struct stat status {};
  return word.find_first_of("./") != std::string::npos || ::stat(word.c_str(), &status) == 0;
}

int unknown_command(std::string_view word) {
  std::vector<std::string_view> names;
  for (const Command& command : kCommands) names.push_back(command.name);
  const std::string_view nearest = nearest_name(word, names);
  return Console().fail(
      {ErrorKind::usage,
       {{.message = fmt::format("unknown command `{}`", word),
         .notes = {fmt::format("commands: {}", fmt::join(names, ", "))},
         .help = nearest.empty() ? "`rcc --help` describes the commands"
                                 : fmt::format("did you mean `{}`?", nearest)}}});
}

int dispatch(const Arguments& arguments) {
  if (arguments.empty()) {
    return Console().fail({ErrorKind::usage,
                           {{.message = "nothing to do",
                             .help = "rcc --recipe RECIPE.toml MODEL.onnx; `rcc --help` tells more"}}});
  }
  const std::string& first = arguments.front();
  if (first == "--help" || first == "-h" || first == "help") return overview();
  if (first == "--version" || first == "-V") return version_command({});
  for (const Command& command : kCommands)
    if (first == command.name) return command.run({arguments.begin() + 1, arguments.end()});
  const bool is_run = first.starts_with('-') || names_a_recipe(arguments) || looks_like_file(first);
  return is_run ? run_command(arguments) : unknown_command(first);
}

}  // namespace
}  // namespace rcc

int main(int argc, char** argv) {
  const int code = rcc::dispatch(rcc::Arguments(argv + std::min(argc, 1), argv + argc));
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    std::fputs("error: cannot write to the standard output\n", stderr);
    return static_cast<int>(rcc::ErrorKind::environment);
  }
  return code;
}
