#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "replay/page_site.hpp"
#include "replay/single_file.hpp"
#include "tests/storage/temporary_folder.hpp"

namespace medius::replay {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Write(const storage::TemporaryFolder& folder, const std::string& name,
                  const std::string& content) {
  const std::string path = (folder.path() / name).string();
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

TEST(SinglePage, HoldsEachTrialAsBase64) {
  const storage::TemporaryFolder folder;
  const std::string page = Write(folder, "single.html", "<body><!-- trials --><p>page</p></body>");
  const std::string text =
      SinglePage(page, {{"a.h5", Write(folder, "a", std::string("\0\xff\x10", 3))},
                        {"b.h5", Write(folder, "b", "Man!")},
                        {"c.h5", Write(folder, "c", "Medius")}});
  // Known answers, RFC 4648 section 10 style: worked by hand.
  EXPECT_THAT(text, HasSubstr("id=\"trial-0\">AP8Q</script>"));
  EXPECT_THAT(text, HasSubstr("id=\"trial-1\">TWFuIQ==</script>"));
  EXPECT_THAT(text, HasSubstr("id=\"trial-2\">TWVkaXVz</script>"));
  EXPECT_THAT(text, HasSubstr("<p>page</p></body>"));
}

TEST(SinglePage, LetsNoNameOutOfItsText) {
  const storage::TemporaryFolder folder;
  const std::string page = Write(folder, "single.html", "<!-- trials -->");
  const std::string text =
      SinglePage(page, {{"</script><script>alert(1)</script>\n\xff\"", Write(folder, "a", "x")}});
  EXPECT_THAT(text, Not(HasSubstr("alert(1)</script>")));
  EXPECT_THAT(text, HasSubstr("\\u003c/script\\u003e"));
  EXPECT_THAT(text, HasSubstr("\\u000a\\ufffd\\u0022"));
}

TEST(SinglePage, SaysWhatCannotBeRead) {
  const storage::TemporaryFolder folder;
  const std::string trial = Write(folder, "a", "x");
  const std::string empty = Write(folder, "empty.html", "<p>no place</p>");
  const auto message = [&](const std::string& page, const std::string& path) {
    try {
      return SinglePage(page, {{"a.h5", path}});
    } catch (const InputError& error) {
      return std::string(error.what());
    }
  };
  EXPECT_THAT(message(empty, trial), HasSubstr("is not the replay page as one file"));
  EXPECT_THAT(message(empty + "x", trial), HasSubstr("the replay page cannot be read"));
  EXPECT_THAT(message(empty, trial + "x"), HasSubstr("No such file"));
}

TEST(SinglePage, RefusesMoreThanBrowsersHold) {
  const storage::TemporaryFolder folder;
  const std::string page = Write(folder, "single.html", "<!-- trials -->");
  const std::string trial = Write(folder, "huge", "");
  std::filesystem::resize_file(trial, kMostInlinedBytes + 1);  // sparse: takes no room
  EXPECT_THROW(
      {
        try {
          static_cast<void>(SinglePage(page, {{"huge.h5", trial}}));
        } catch (const InputError& error) {
          EXPECT_THAT(error.what(), HasSubstr("medius replay without --export"));
          throw;
        }
      },
      InputError);
}

TEST(TrialNamesJson, KeepsWholeUtf8) {
  EXPECT_EQ(TrialNamesJson({"l\xc3\xa4ufer.h5", "b\xc3"}),
            "{\"trials\": [\"l\xc3\xa4ufer.h5\", \"b\\ufffd\"]}\n");
}

}  // namespace
}  // namespace medius::replay
