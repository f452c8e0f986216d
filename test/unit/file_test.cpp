#include "ir/support/file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "ir/support/check_output.h"
#include "ir/support/mapping_guard.h"
#include "ir/support/open_below.h"
#include "test/unit/temporary_folder.h"

namespace rcc {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr std::uint64_t kLarge = 1 << 20;

class FileTest : public testing::Test {
 protected:
  fs::path make(const std::string& name, std::string_view contents) const {
    return temporary_.write(name, contents);
  }

  // Names in the folder, hidden ones too.
  std::vector<std::string> listing() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_))
      names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }

  TemporaryFolder temporary_;
  const fs::path& folder_ = temporary_.path();
};

std::string_view text(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

Diagnostic only_diagnostic(const Error& error) {
  EXPECT_EQ(error.diagnostics.size(), 1U);
  return error.diagnostics.front();
}

TEST_F(FileTest, MapsAFile) {
  const fs::path path = make("a.bin", "hello");
  const auto file = MappedFile::open(path, 5);
  ASSERT_TRUE(file);
  EXPECT_EQ(text(**file), "hello");
  EXPECT_EQ((*file)->path(), path);
}

TEST_F(FileTest, MapsAnEmptyFile) {
  const auto file = MappedFile::open(make("empty", ""), 0);
  ASSERT_TRUE(file);
  EXPECT_TRUE((*file)->bytes().empty());
}

TEST_F(FileTest, KeepsTheContentsWhenTheFileIsReplaced) {
  const fs::path path = make("a.bin", "old");
  const auto file = MappedFile::open(path, kLarge);
  ASSERT_TRUE(file);
  ASSERT_TRUE(write_atomic(path, "new"));
  EXPECT_EQ(text(**file), "old");
  EXPECT_EQ(*read_text_file(path, kLarge), "new");
}

TEST_F(FileTest, NamesTheNearestFileWhenMissing) {
  make("resnet18.onnx", "x");
  const auto file = MappedFile::open(folder_ / "resnet81.onnx", kLarge);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().kind, ErrorKind::input);
  const Diagnostic diagnostic = only_diagnostic(file.error());
  EXPECT_EQ(diagnostic.message,
            "the file `" + (folder_ / "resnet81.onnx").string() + "` does not exist");
  EXPECT_EQ(diagnostic.help, "did you mean `" + (folder_ / "resnet18.onnx").string() + "`?");
}

TEST_F(FileTest, SaysWhichKindOfThingIsNotAFile) {
  const auto message = [](const fs::path& path) {
    const auto file = MappedFile::open(path, kLarge);
    if (file) return std::string("opened");
    EXPECT_EQ(file.error().kind, ErrorKind::input);
    return file.error().message();
  };
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(message(folder_), HasSubstr("` is a folder, not a file"));
  EXPECT_THAT(message(folder_ / "pipe"), HasSubstr("` is a pipe, not a file"));
  EXPECT_EQ(message("/dev/zero"), "`/dev/zero` is a device, not a file");
  EXPECT_THAT(message(make("a", "x") / "b"), HasSubstr("passes through a file"));
}

TEST_F(FileTest, RefusesAFileAboveTheLimit) {
  const fs::path path = make("big", std::string(2000, 'x'));
  for (const auto& error :
       {MappedFile::open(path, 1999).error(), read_text_file(path, 1999).error()}) {
    EXPECT_EQ(error.kind, ErrorKind::limit);
    EXPECT_EQ(error.message(),
              "`" + path.string() + "` has 2.0 kB (2000 bytes), more than the limit of 2.0 kB");
  }
}

TEST_F(FileTest, SaysThatPermissionIsMissing) {
  const fs::path path = make("secret", "x");
  ASSERT_EQ(::chmod(path.c_str(), 0), 0);
  ASSERT_EQ(::chmod(folder_.c_str(), 0755), 0);
  // A child, because root is refused nothing.
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(65534) != 0) _exit(9);
    const auto file = MappedFile::open(path, kLarge);
    const bool right = !file && file.error().kind == ErrorKind::environment &&
                       file.error().message() == "no permission to read `" + path.string() + "`";
    _exit(right ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(FileTest, ReadsText) {
  EXPECT_EQ(*read_text_file(make("t", std::string("a\0b\n", 4)), 4), std::string("a\0b\n", 4));
  EXPECT_EQ(*read_text_file(make("e", ""), 4), "");
  EXPECT_FALSE(read_text_file(folder_, kLarge));
}

using FileDeathTest = FileTest;

TEST_F(FileDeathTest, AFileThatShrinksEndsTheProgramWithADiagnostic) {
  const fs::path path = make("m.onnx", std::string(3 * 4096, 'x'));
  const auto read_past_the_end = [&] {
    const auto file = MappedFile::open(path, kLarge);
    if (!file || ::truncate(path.c_str(), 10) != 0) _exit(9);
    const volatile std::byte last = (*file)->bytes().back();
    (void)last;
    _exit(8);
  };
  EXPECT_EXIT(read_past_the_end(), testing::ExitedWithCode(3),
              "error: a file was cut short while it was being read\n  --> .*m\\.onnx\nhelp: ");
}

TEST_F(FileDeathTest, AnotherBusErrorMeetsThePreviousHandler) {
  const fs::path path = make("m.onnx", std::string(4096, 'x'));
  const auto send = [&](bool by_access) {
    ::signal(SIGBUS, [](int) { _exit(42); });
    const auto file = MappedFile::open(path, kLarge);
    if (!by_access) {
      ::raise(SIGBUS);
    } else {
      // A mapping that nobody registered.
      unregister_mapping((*file)->bytes().data());
      if (::truncate(path.c_str(), 0) != 0) _exit(9);
      const volatile std::byte first = (*file)->bytes().front();
      (void)first;
    }
    _exit(8);
  };
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(send(false), testing::ExitedWithCode(42), "");
  EXPECT_EXIT(send(true), testing::ExitedWithCode(42), "");
}

// What both ways of opening below a folder must answer.
class OpenBelowTest : public FileTest, public testing::WithParamInterface<bool> {
 protected:
  std::string read(std::string_view relative) const {
    const auto open = GetParam() ? &open_below : &open_below_by_walk;
    const auto file = open(folder_ / "model", relative);
    if (!file) return file.error().message();
    std::string contents(100, '\0');
    const ssize_t count = ::read(file->get(), contents.data(), contents.size());
    contents.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    return contents;
  }
};

TEST_P(OpenBelowTest, OpensPlainNames) {
  make("model/w.bin", "weights");
  make("model/sub/deep/w.bin", "deep");
  EXPECT_EQ(read("w.bin"), "weights");
  EXPECT_EQ(read("./sub//deep/./w.bin"), "deep");
}

TEST_P(OpenBelowTest, RefusesPathsThatLeave) {
  make("secret", "s");
  make("model/sub/w.bin", "w");
  for (const char* path : {"../secret", "sub/../../secret", "sub/../sub/w.bin", ".."})
    EXPECT_EQ(read(path), "external data file `..` leaves the folder of the model") << path;
  EXPECT_EQ(read("/etc/passwd"), "external data file `/etc/passwd` has an absolute path");
  EXPECT_EQ(read(""), "external data file `` has no name");
  EXPECT_EQ(read("."), "external data file `.` is a folder");
  EXPECT_THAT(read(std::string_view("sub\0/w", 6)), HasSubstr("has a NUL in its name"));
  EXPECT_THAT(read(std::string(5000, 'a')), HasSubstr("more than 4096 bytes"));
  EXPECT_EQ(read("C:\\w.bin"), "external data file `C:\\w.bin` does not exist");
}

TEST_P(OpenBelowTest, RefusesSymbolicLinks) {
  make("secret", "s");
  make("model/w.bin", "w");
  fs::create_symlink("../secret", folder_ / "model/final");
  fs::create_symlink("w.bin", folder_ / "model/inside");
  fs::create_directory_symlink("/", folder_ / "model/root");
  EXPECT_THAT(read("final"), HasSubstr("symbolic link"));
  EXPECT_THAT(read("inside"), HasSubstr("symbolic link"));
  EXPECT_THAT(read("root/etc/passwd"), HasSubstr("symbolic link"));
}

TEST_P(OpenBelowTest, DoesNotWaitForAPipe) {
  fs::create_directory(folder_ / "model");
  ASSERT_EQ(::mkfifo((folder_ / "model/pipe").c_str(), 0600), 0);
  EXPECT_EQ(read("pipe"), "");
}

INSTANTIATE_TEST_SUITE_P(Ways, OpenBelowTest, testing::Bool(), [](const auto& way) {
  return std::string(way.param ? "openat2" : "walk");
});

TEST_F(FileTest, MapsExternalDataOfOneLinkOnly) {
  make("model/w.bin", "weights");
  const auto file = MappedFile::open_below(folder_ / "model", "w.bin", kLarge);
  ASSERT_TRUE(file);
  EXPECT_EQ(text(**file), "weights");

  fs::create_hard_link(folder_ / "model/w.bin", folder_ / "model/other");
  const auto linked = MappedFile::open_below(folder_ / "model", "w.bin", kLarge);
  ASSERT_FALSE(linked);
  EXPECT_EQ(linked.error().message(), "external data file `w.bin` has 2 hard links");

  fs::create_directory(folder_ / "model/sub");
  const auto folder = MappedFile::open_below(folder_ / "model", "sub", kLarge);
  ASSERT_FALSE(folder);
  EXPECT_THAT(folder.error().message(), HasSubstr("is a folder, not a file"));
}

TEST_F(FileTest, WritesAtomically) {
  const fs::path path = folder_ / "out";
  const std::string large(700000, 'y');
  const auto written = write_atomic(path, [&](FileSink& sink) -> Result<void> {
    RCC_TRY(sink.write("abc"));
    RCC_TRY(sink.write(large));
    return sink.write("d");
  });
  ASSERT_TRUE(written);
  EXPECT_EQ(*read_text_file(path, kLarge), "abc" + large + "d");
  EXPECT_EQ(listing(), std::vector<std::string>{"out"});
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0133, 0U);
}

TEST_F(FileTest, WritesAFileWithoutAFolderInItsName) {
  const fs::path before = fs::current_path();
  fs::current_path(folder_);
  EXPECT_TRUE(write_atomic("plain", "x"));
  EXPECT_EQ(*read_text_file("plain", 10), "x");
  fs::current_path(before);
}

TEST_F(FileTest, AnErrorWhileWritingKeepsTheOldFile) {
  const fs::path path = make("out", "old");
  const auto written = write_atomic(path, [](FileSink& sink) -> Result<void> {
    RCC_TRY(sink.write("half"));
    return fail(ErrorKind::limit, "stop");
  });
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message(), "stop");
  EXPECT_EQ(*read_text_file(path, kLarge), "old");
  EXPECT_EQ(listing(), std::vector<std::string>{"out"});
}

TEST_F(FileTest, NamesTheFolderThatCannotBeWritten) {
  const auto missing = write_atomic(folder_ / "none/out", "x");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::environment);
  const Diagnostic diagnostic = only_diagnostic(missing.error());
  EXPECT_EQ(diagnostic.message, "the folder `" + (folder_ / "none").string() + "` does not exist");
  EXPECT_EQ(diagnostic.help, "create it, or write to another folder");

  const auto behind_file = write_atomic(make("file", "x") / "out", "x");
  ASSERT_FALSE(behind_file);
  EXPECT_THAT(behind_file.error().message(), HasSubstr("file` is not a folder"));
}

TEST_F(FileTest, DoesNotReplaceWhatIsNotAFile) {
  fs::create_directory(folder_ / "folder");
  fs::create_symlink("nowhere", folder_ / "link");
  EXPECT_THAT(write_atomic("/dev/null", "x").error().message(),
              HasSubstr("exists and is not a regular file"));
  EXPECT_THAT(write_atomic(folder_ / "folder", "x").error().message(), HasSubstr("is a folder"));
  EXPECT_THAT(write_atomic(folder_ / "link", "x").error().message(),
              HasSubstr("is a symbolic link"));
  EXPECT_THAT(write_atomic(folder_ / "", "x").error().message(), HasSubstr("names no file"));
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST_F(FileTest, SaysBeforeTheWorkWhatCannotBeWritten) {
  const fs::path old = make("old", "x");
  fs::create_symlink("old", folder_ / "link");
  EXPECT_TRUE(check_output(old));
  EXPECT_TRUE(check_output(folder_ / "new"));
  EXPECT_EQ(listing(), (std::vector<std::string>{"link", "old"}));
  for (const fs::path& path : {folder_ / "none/out", folder_ / "link", fs::path("/dev/null")})
    EXPECT_EQ(check_output(path).error().message(), write_atomic(path, "x").error().message());
}

// Nothing half-written either, where the file system has files without a name.
TEST_F(FileTest, AKilledWriterLeavesTheOldFileOnly) {
  const fs::path path = make("out", "old");
  const int nameless = ::open(folder_.c_str(), O_TMPFILE | O_WRONLY, 0600);
  if (nameless < 0) GTEST_SKIP() << "the temporary folder has no files without a name";
  ::close(nameless);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto written = write_atomic(path, [](FileSink& sink) -> Result<void> {
      RCC_TRY(sink.write(std::string(1 << 20, 'x')));
      ::raise(SIGKILL);
      return {};
    });
    _exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(*read_text_file(path, kLarge), "old");
  EXPECT_EQ(listing(), std::vector<std::string>{"out"});
}

TEST_F(FileTest, AFullDiskIsAnErrorAndLeavesNothing) {
  const fs::path path = make("out", "old");
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(9);
    const auto written = write_atomic(path, std::string(2000, 'x'));
    const bool right = !written && written.error().kind == ErrorKind::environment &&
                       written.error().message().find("cannot write in the folder `") == 0;
    _exit(right ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(*read_text_file(path, kLarge), "old");
  EXPECT_EQ(listing(), std::vector<std::string>{"out"});
}

// A writer is killed at random moments; a reader must always find one whole version.
TEST_F(FileTest, SurvivesKillsAtAnyMoment) {
  const fs::path path = make("out", std::string(100000, 'a'));
  for (int round = 0; round < 15; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      for (char letter = 'a';; letter = static_cast<char>(letter == 'z' ? 'a' : letter + 1))
        if (!write_atomic(path, std::string(100000, letter))) _exit(1);
    }
    ::usleep(static_cast<useconds_t>(1000 + 700 * round));
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    const std::string contents = *read_text_file(path, kLarge);
    ASSERT_EQ(contents, std::string(100000, contents.front()));
  }
}

}  // namespace
}  // namespace rcc
