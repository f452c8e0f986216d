#include "ir/support/mapping_guard.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <mutex>

#include "ir/support/diagnostic.h"

namespace rcc {

namespace {

// Entries are reused and never freed, so that the signal handler may walk the list at any moment.
struct Entry {
  std::atomic<std::uintptr_t> begin{0};
  std::atomic<std::size_t> size{0};
  std::array<char, 512> name{};
  Entry* next = nullptr;
};

std::atomic<Entry*> g_entries{nullptr};
std::mutex g_entries_mutex;
struct sigaction g_previous_action;

void write_error(std::string_view text) {
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

// Only async-signal-safe calls from here on.
void handle_bus_error(int signal_number, siginfo_t* info, void*) {
  constexpr int kInputExit = 3;
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  // si_code <= 0: sent by a process, not caused by an access.
  if (info->si_code > 0) {
    for (Entry* entry = g_entries.load(); entry != nullptr; entry = entry->next) {
      const std::uintptr_t begin = entry->begin;
      if (begin == 0 || address < begin || address - begin >= entry->size) continue;
      write_error("error: a file was cut short while it was being read\n  --> ");
      write_error(entry->name.data());
      write_error("\nhelp: run again when nothing else writes to this file\n");
      _exit(kInputExit);
    }
  }
  sigaction(SIGBUS, &g_previous_action, nullptr);
  // A faulting access is repeated on return and meets the previous handler; a sent signal is not.
  if (info->si_code <= 0) raise(signal_number);
}

void install_handler() {
  struct sigaction action {};
  action.sa_sigaction = handle_bus_error;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, &g_previous_action);
}

Entry* free_entry() {
  for (Entry* entry = g_entries.load(); entry != nullptr; entry = entry->next)
    if (entry->begin == 0) return entry;
  auto* entry = new Entry;
  entry->next = g_entries.load();
  g_entries = entry;
  return entry;
}

}  // namespace

void register_mapping(const void* begin, std::size_t size, std::string_view name) {
  const std::lock_guard lock(g_entries_mutex);
  static const bool installed = (install_handler(), true);
  (void)installed;
  Entry* entry = free_entry();
  const std::string shown = escape_for_display(name);
  entry->name.fill('\0');
  shown.copy(entry->name.data(), entry->name.size() - 1);
  entry->size = size;
  // Last: the handler ignores entries without an address.
  entry->begin = reinterpret_cast<std::uintptr_t>(begin);
}

void unregister_mapping(const void* begin) {
  const std::lock_guard lock(g_entries_mutex);
  for (Entry* entry = g_entries.load(); entry != nullptr; entry = entry->next)
    if (entry->begin == reinterpret_cast<std::uintptr_t>(begin)) entry->begin = 0;
}

}  // namespace rcc
