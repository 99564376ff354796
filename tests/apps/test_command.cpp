#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/command.hpp"
#include "core/error.hpp"
#include "core/progress.hpp"

namespace medius::apps {
namespace {

using ::testing::HasSubstr;

// The error line of a program whose only command is `run`.
std::string ErrorOf(const CommandLine::Run& run, int code) {
  CommandLine commands;
  commands.Add("run", "A command", run);
  std::vector<std::string> words = {"medius", "run"};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(commands.Main(static_cast<int>(arguments.size()), arguments.data()), code);
  return ::testing::internal::GetCapturedStderr();
}

TEST(CommandLine, SaysAfterControlCWhichFileStands) {
  EXPECT_EQ(ErrorOf([](CommandContext&) { throw Cancelled(); }, kExitInterrupted),
            "medius: interrupted; nothing was changed\n");
  const std::string error = ErrorOf(
      [](CommandContext& context) {
        context.Wrote("points.trial.h5");
        throw Cancelled();
      },
      kExitInterrupted);
  EXPECT_EQ(error,
            "medius: interrupted; written before: points.trial.h5; nothing else was changed\n");
}

}  // namespace
}  // namespace medius::apps
