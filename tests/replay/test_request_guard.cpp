// Which requests the replay server answers: the guard alone, without a socket.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "replay/request_guard.hpp"

namespace medius::replay {
namespace {

const ServerIdentity kServer{8123, "0123456789abcdef0123456789abcdef"};
const std::string kPage = "/" + kServer.token + "/";

RequestHead Get(const std::string& path) {
  return {"GET", path, {"127.0.0.1:8123"}, {}, {}, {}};
}

TEST(JudgeRequest, LetsOwnPageThrough) {
  RequestHead request = Get(kPage + "trial/0");
  EXPECT_EQ(JudgeRequest(request, kServer).refusal, 0);
  EXPECT_EQ(JudgeRequest(request, kServer).rest, "trial/0");
  request.host = {"localhost:8123"};
  request.origin = {"http://localhost:8123"};
  request.fetch_site = {"same-origin"};
  request.method = "HEAD";
  EXPECT_EQ(JudgeRequest(request, kServer).refusal, 0);
  EXPECT_EQ(JudgeRequest(Get(kPage), kServer).rest, "");
}

TEST(JudgeRequest, RefusesOtherMethods) {
  for (const std::string method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get"}) {
    RequestHead request = Get(kPage);
    request.method = method;
    EXPECT_EQ(JudgeRequest(request, kServer).refusal, 405) << method;
  }
}

TEST(JudgeRequest, RefusesEveryHostButItsOwn) {
  const std::vector<std::vector<std::string>> others = {{},
                                                        {""},
                                                        {"evil.example"},
                                                        {"evil.example:8123"},
                                                        {"127.0.0.1"},
                                                        {"127.0.0.1:81234"},
                                                        {"127.0.0.1:8123.evil.example"},
                                                        {"127.0.0.1:8123", "127.0.0.1:8123"},
                                                        {"[::1]:8123"},
                                                        {"LOCALHOST:8123"}};
  for (const auto& host : others) {
    RequestHead request = Get(kPage);
    request.host = host;
    EXPECT_EQ(JudgeRequest(request, kServer).refusal, 421) << (host.empty() ? "none" : host[0]);
  }
}

TEST(JudgeRequest, RefusesOtherSites) {
  for (const std::string origin :
       {"http://evil.example", "null", "https://127.0.0.1:8123", "http://127.0.0.1:8124",
        "http://localhost:8123", "http://127.0.0.1:8123.evil.example"}) {
    RequestHead request = Get(kPage);
    request.origin = {origin};
    EXPECT_EQ(JudgeRequest(request, kServer).refusal, 403) << origin;
  }
  for (const std::string site : {"cross-site", "same-site", "SAME-ORIGIN", ""}) {
    RequestHead request = Get(kPage);
    request.fetch_site = {site};
    EXPECT_EQ(JudgeRequest(request, kServer).refusal, 403) << site;
  }
}

TEST(JudgeRequest, KnowsNothingWithoutTheToken) {
  const std::string wrong = "0123456789abcdef0123456789abcdee";
  for (const std::string& path :
       {std::string(), std::string("/"), std::string("/trials.json"), "/" + kServer.token,
        "/" + wrong + "/", "/" + kServer.token + "0/", "//" + kServer.token + "/",
        std::string("/../") + kServer.token + "/"}) {
    EXPECT_EQ(JudgeRequest(Get(path), kServer).refusal, 404) << path;
  }
}

TEST(ParseRange, TakesOneRangeAndCutsItToTheFile) {
  const auto range = [](const char* header) { return ParseRange(header, 100); };
  EXPECT_EQ(range("bytes=0-9")->end, 10U);
  EXPECT_EQ(range("bytes=90-1000000")->end, 100U);
  EXPECT_EQ(range("bytes=90-")->begin, 90U);
  EXPECT_EQ(range("bytes=-10")->begin, 90U);
  EXPECT_EQ(range("bytes=-1000")->begin, 0U);
  EXPECT_EQ(range("bytes=99-99")->end, 100U);
}

TEST(ParseRange, RefusesWhatIsNoSingleRange) {
  for (const char* header :
       {"", "bytes", "bytes=", "bytes=-", "bytes=-0", "bytes=100-", "bytes=5-4", "bytes=0-1,3-4",
        "bytes= 0-1", "bytes=0-1 ", "items=0-1", "bytes=a-b", "bytes=0x1-2", "bytes=+1-2",
        "bytes=99999999999999999999999-", "bytes=0-99999999999999999999999", "bytes=--1"}) {
    EXPECT_FALSE(ParseRange(header, 100)) << header;
  }
  EXPECT_FALSE(ParseRange("bytes=0-0", 0));
}

TEST(RandomToken, IsLongAndNeverTheSame) {
  const std::string token = RandomToken();
  EXPECT_EQ(token.size(), 32U);
  EXPECT_EQ(token.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_NE(token, RandomToken());
}

}  // namespace
}  // namespace medius::replay
