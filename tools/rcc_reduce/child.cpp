#include "tools/rcc_reduce/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>

namespace rcc {

namespace {

constexpr std::size_t kMostOutput = std::size_t{1} << 20;

[[noreturn]] void be_child(const std::function<int()>& body, int output) {
  // A group of its own, so that all of it can be killed.
  ::setpgid(0, 0);
  const int empty = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (empty >= 0) ::dup2(empty, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  const int status = body();
  std::fflush(nullptr);
  ::_exit(status);
}

// Reads until the child closes its end; false when the time is over first.
bool collect(int input, double seconds, std::string& output) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  std::array<char, 4096> block{};
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    pollfd ready{input, POLLIN, 0};
    if (left <= 0 || ::poll(&ready, 1, static_cast<int>(left)) == 0) return false;
    const ssize_t count = ::read(input, block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return true;
    const std::size_t room = kMostOutput - output.size();
    output.append(block.data(), std::min(static_cast<std::size_t>(count), room));
  }
}

tl::unexpected<Error> cannot(std::string_view what) {
  return fail(ErrorKind::environment, fmt::format("cannot {}: {}", what, std::strerror(errno)));
}

}  // namespace

Result<ChildEnd> run_child(const std::function<int()>& body, double seconds) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return cannot("make a pipe");
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) return cannot("start a process");
  if (child == 0) be_child(body, pipe[1]);
  ::setpgid(child, child);
  ::close(pipe[1]);
  ChildEnd end;
  end.is_out_of_time = !collect(pipe[0], seconds, end.output);
  ::close(pipe[0]);
  // Also what the child left running.
  if (end.is_out_of_time) ::kill(-child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  constexpr int kSignalled = 128;
  end.status = WIFEXITED(status) ? WEXITSTATUS(status) : kSignalled + WTERMSIG(status);
  return end;
}

}  // namespace rcc
