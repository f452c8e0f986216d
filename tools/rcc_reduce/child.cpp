#include "tools/rcc_reduce/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <thread>

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

using Clock = std::chrono::steady_clock;

// Reads until the child closes its end; false when the time is over first.
bool collect(int input, Clock::time_point end, std::string& output) {
  std::array<char, 4096> block{};
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0) return false;
    pollfd ready{input, POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(left)) <= 0) continue;
    const ssize_t count = ::read(input, block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return true;
    const std::size_t room = kMostOutput - output.size();
    output.append(block.data(), std::min(static_cast<std::size_t>(count), room));
  }
}

// Whether the child has ended; it is still there to be waited for.
bool has_ended(pid_t child) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == child;
}

// A child may close its output long before it ends. False when the time is over first.
bool await(pid_t child, Clock::time_point end) {
  constexpr auto kLongest = std::chrono::milliseconds(10);
  for (std::chrono::microseconds pause(20); !has_ended(child); pause *= 2) {
    if (Clock::now() >= end) return false;
    std::this_thread::sleep_for(std::min<std::chrono::microseconds>(pause, kLongest));
    pause = std::min<std::chrono::microseconds>(pause, kLongest);
  }
  return true;
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
  const auto last = Clock::now() + std::chrono::ceil<std::chrono::milliseconds>(
                                       std::chrono::duration<double>(seconds));
  end.is_out_of_time = !collect(pipe[0], last, end.output) || !await(child, last);
  ::close(pipe[0]);
  // Also what the child left running.
  ::kill(-child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  constexpr int kSignalled = 128;
  end.status = WIFEXITED(status) ? WEXITSTATUS(status) : kSignalled + WTERMSIG(status);
  return end;
}

}  // namespace rcc
