// The replay server as an attacker on the same machine meets it: raw requests over its socket.

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "core/error.hpp"
#include "replay/page_server.hpp"
#include "tests/storage/temporary_folder.hpp"

namespace medius::replay {
namespace {

using storage::TemporaryFolder;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kSecret = "not for anyone";
constexpr std::size_t kTrialBytes = 300'000;

void Write(const std::filesystem::path& path, const std::string& content) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

std::string TrialContent() {
  std::string content(kTrialBytes, '\0');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>('a' + i % 26);
  return content;
}

class PageServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Write(folder_.path() / "site/index.html", "<p>the page</p>");
    Write(folder_.path() / "site/assets/page.js", "let page;");
    Write(folder_.path() / "site/assets/notes.txt", kSecret);
    Write(folder_.path() / "site/secret.html", kSecret);
    Write(folder_.path() / "secret.h5", kSecret);
    Write(folder_.path() / "run.trial.h5", TrialContent());
    server_ = std::make_unique<PageServer>(
        folder_.path() / "site",
        std::vector<ServedTrial>{{"run<b>.trial.h5", folder_.path() / "run.trial.h5"}});
    listener_ = std::thread([this] { server_->Serve([this] { return over_.load(); }); });
  }
  void TearDown() override {
    over_ = true;
    listener_.join();
  }

  // The path of the page, "/TOKEN/".
  [[nodiscard]] std::string Page() const {
    const std::string url = server_->url();
    return url.substr(url.find('/', std::string("http://").size()));
  }

  // Sends bytes as they are, and gives all that comes back until the server is silent.
  [[nodiscard]] std::string Send(const std::string& request) const {
    const int socket_number = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(server_->port()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{2, 0};  // of what is no request nothing comes back
    setsockopt(socket_number, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    std::string answer;
    if (connect(socket_number, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
      send(socket_number, request.data(), request.size(), MSG_NOSIGNAL);
      std::string buffer(65536, '\0');
      for (ssize_t got = 1; got > 0;) {
        got = recv(socket_number, buffer.data(), buffer.size(), 0);
        if (got > 0) answer.append(buffer, 0, static_cast<std::size_t>(got));
      }
    }
    close(socket_number);
    return answer;
  }

  [[nodiscard]] std::string Get(const std::string& path, const std::string& headers = "",
                                const std::string& method = "GET") const {
    return Send(fmt::format("{} {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n{}\r\n",
                            method, path, server_->port(), headers));
  }

  static std::string Body(const std::string& answer) {
    const std::size_t end = answer.find("\r\n\r\n");
    return end == std::string::npos ? "" : answer.substr(end + 4);
  }

  TemporaryFolder folder_;
  std::unique_ptr<PageServer> server_;
  std::atomic<bool> over_{false};
  std::thread listener_;
};

TEST_F(PageServerTest, ServesPageAndTrialWithGuardingHeaders) {
  const std::string page = Get(Page());
  EXPECT_THAT(page, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(page, HasSubstr("Content-Security-Policy: default-src 'none'; script-src 'self'"));
  EXPECT_THAT(page, HasSubstr("X-Content-Type-Options: nosniff"));
  EXPECT_THAT(page, HasSubstr("Referrer-Policy: no-referrer"));
  EXPECT_THAT(page, HasSubstr("Cache-Control: no-store"));
  EXPECT_EQ(Body(page), "<p>the page</p>");
  EXPECT_EQ(Body(Get(Page() + "assets/page.js", "Accept-Encoding: gzip, br\r\n")), "let page;");
  EXPECT_EQ(Body(Get(Page() + "trial/0")), TrialContent());
  EXPECT_EQ(Body(Get(Page() + "trials.json")), "{\"trials\": [\"run\\u003cb\\u003e.trial.h5\"]}\n");
}

TEST_F(PageServerTest, GivesOneRangeAsAsked) {
  const std::string part = Get(Page() + "trial/0", "Range: bytes=26-51\r\n");
  EXPECT_THAT(part, StartsWith("HTTP/1.1 206"));
  EXPECT_THAT(part, HasSubstr("Content-Range: bytes 26-51/300000"));
  EXPECT_EQ(Body(part), "abcdefghijklmnopqrstuvwxyz");
  const std::string head = Get(Page() + "trial/0", "", "HEAD");
  EXPECT_THAT(head, HasSubstr("Content-Length: 300000"));
  EXPECT_THAT(head, HasSubstr("Accept-Ranges: bytes"));
  EXPECT_EQ(Body(head), "");
}

TEST_F(PageServerTest, RefusesManyAndHugeRangesWithoutWork) {
  std::string many = "Range: bytes=0-9";
  for (int i = 0; i < 500; ++i) many += ",0-299999";
  const std::string answer = Get(Page() + "trial/0", many + "\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 416"));
  EXPECT_LT(answer.size(), 2000U);
  for (const char* range : {"bytes=0-1,2-3", "bytes=99999999999999999999-", "bytes=300000-",
                            "bytes=9-1", "bytes=0-0\r\nRange: bytes=1-1"}) {
    EXPECT_THAT(Get(Page() + "trial/0", fmt::format("Range: {}\r\n", range)),
                StartsWith("HTTP/1.1 416"))
        << range;
  }
  // The end is cut to the file, as browsers expect.
  EXPECT_EQ(Body(Get(Page() + "trial/0", "Range: bytes=0-9223372036854775807\r\n")).size(),
            kTrialBytes);
}

TEST_F(PageServerTest, GivesNothingOutsideItsList) {
  for (const char* path :
       {"secret.html", "assets/notes.txt", "assets/", "assets/../secret.html", "trial/1",
        "trial/00", "trial/-1", "trial/", "trial/0/", "trial/0/../0", "../secret.h5",
        "..%2fsecret.h5", "%2e%2e/secret.h5", "trial/..%2f..%2fsecret.h5", "/etc/passwd",
        "....//etc/passwd", "assets/page.js%00.html", "trial/0%00", "index.html/../../secret.h5"}) {
    const std::string answer = Get(Page() + path);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 4")) << path;
    EXPECT_THAT(answer, Not(HasSubstr(kSecret))) << path;
    EXPECT_THAT(answer, Not(HasSubstr("root:"))) << path;
  }
}

TEST_F(PageServerTest, RefusesOtherHostsOriginsMethodsAndMissingTokens) {
  const int port = server_->port();
  const auto with_host = [&](const std::string& host) {
    return Send(fmt::format("GET {} HTTP/1.1\r\n{}Connection: close\r\n\r\n", Page(), host));
  };
  EXPECT_THAT(with_host("Host: evil.example\r\n"), StartsWith("HTTP/1.1 421"));
  EXPECT_THAT(with_host(fmt::format("Host: evil.example:{}\r\n", port)),
              StartsWith("HTTP/1.1 421"));
  EXPECT_THAT(with_host(""), StartsWith("HTTP/1.1 421"));
  EXPECT_THAT(Get(Page(), "Origin: http://evil.example\r\n"), StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(Get(Page(), "Sec-Fetch-Site: cross-site\r\n"), StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(Get(Page(), "Content-Length: 0\r\n", "POST"), StartsWith("HTTP/1.1 405"));
  EXPECT_THAT(Get(Page(), "", "DELETE"), StartsWith("HTTP/1.1 405"));
  for (const char* path :
       {"/", "/index.html", "/trials.json", "/trial/0", "/00000000000000000000000000000000/"}) {
    const std::string answer = Get(path);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 404")) << path;
    EXPECT_EQ(Body(answer), "") << path;
  }
}

TEST_F(PageServerTest, OutlivesWhatIsNoRequest) {
  for (const std::string& bytes :
       {std::string("\r\n\r\n"), std::string("GET\r\n\r\n"), std::string(20'000, 'A') + "\r\n\r\n",
        "GET " + Page() + " HTTP/1.1\r\nHost: " + std::string(20'000, 'x') + "\r\n\r\n",
        std::string("\0\xff\xfe", 3) + "\r\n\r\n"}) {
    EXPECT_THAT(Send(bytes), Not(HasSubstr("the page")));
  }
  EXPECT_EQ(Body(Get(Page())), "<p>the page</p>");
}

TEST_F(PageServerTest, GoesOnReadingTheTrialThatItOpened) {
  Write(folder_.path() / "new.h5", kSecret);
  std::filesystem::rename(folder_.path() / "new.h5", folder_.path() / "run.trial.h5");
  EXPECT_EQ(Body(Get(Page() + "trial/0")), TrialContent());
}

TEST_F(PageServerTest, SaysWhatIsWrongBeforeItServes) {
  const auto message = [&](const std::filesystem::path& site, const std::string& trial, int port) {
    try {
      const PageServer server(site, {{"t", folder_.path() / trial}}, {port});
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("nothing was wrong");
  };
  const std::filesystem::path site = folder_.path() / "site";
  EXPECT_THAT(message(folder_.path() / "absent", "run.trial.h5", 0),
              HasSubstr("the replay page is not there"));
  EXPECT_THAT(message(site, "absent.h5", 0), HasSubstr("absent.h5: cannot be read"));
  EXPECT_THAT(message(site, "site", 0), HasSubstr("site: cannot be read: not a file"));
  EXPECT_THAT(message(site, "run.trial.h5", server_->port()),
              HasSubstr(fmt::format("port {} of this machine cannot be had", server_->port())));
}

}  // namespace
}  // namespace medius::replay
