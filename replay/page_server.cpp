#include "replay/page_server.hpp"

#include <fcntl.h>
#include <httplib.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <map>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>

#include "core/error.hpp"
#include "replay/page_site.hpp"
#include "replay/request_guard.hpp"

namespace medius::replay {
namespace {

constexpr int kOk = 200;
constexpr int kPartial = 206;
constexpr int kNotFound = 404;
constexpr int kUnsatisfiable = 416;
constexpr std::size_t kReadBytes = std::size_t{1} << 18;
constexpr std::chrono::milliseconds kAskInterval{50};
constexpr std::chrono::milliseconds kStartInterval{1};

// Scripts of the page's own files alone, and the compiled HDF5 reader; nothing from elsewhere.
constexpr const char* kContentPolicy =
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src "
    "'self'; "
    "connect-src 'self'; img-src 'self' blob: data:; media-src blob:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

// An open trial; closed with it. Read at places, so that threads can share it.
class OpenFile {
 public:
  explicit OpenFile(const std::filesystem::path& path)
      : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    struct stat status {};
    if (descriptor_ < 0 || fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
      const std::string why =
          descriptor_ < 0 ? std::system_category().message(errno) : std::string("not a file");
      if (descriptor_ >= 0) close(descriptor_);
      throw InputError(fmt::format("{}: cannot be read: {}", path.string(), why));
    }
    size_ = static_cast<std::size_t>(status.st_size);
  }
  ~OpenFile() { close(descriptor_); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  OpenFile(OpenFile&&) = delete;
  OpenFile& operator=(OpenFile&&) = delete;

  [[nodiscard]] std::size_t size() const { return size_; }

  // Up to `count` bytes at `offset`; 0 where there are none (any more).
  std::size_t Read(std::size_t offset, char* to, std::size_t count) const {
    ssize_t got = 0;
    do {
      got = pread(descriptor_, to, count, static_cast<off_t>(offset));
    } while (got < 0 && errno == EINTR);
    return got > 0 ? static_cast<std::size_t>(got) : 0;
  }

 private:
  int descriptor_;
  std::size_t size_ = 0;
};

struct OpenTrial {
  std::string name;
  std::shared_ptr<OpenFile> file;
};

std::vector<std::string> HeaderValues(const httplib::Request& request, const char* name) {
  std::vector<std::string> values;
  const std::size_t count = request.get_header_value_count(name);
  for (std::size_t i = 0; i < count; ++i) values.push_back(request.get_header_value(name, i));
  return values;
}

RequestHead HeadOf(const httplib::Request& request) {
  return {request.method,
          request.path,
          HeaderValues(request, "Host"),
          HeaderValues(request, "Origin"),
          HeaderValues(request, "Sec-Fetch-Site"),
          HeaderValues(request, "Range")};
}

// The library would answer many ranges at once with all of them in memory; this server cuts the one
// range itself and hides all of them from the library, whose request is its own and not const.
void HideRanges(const httplib::Request& request) {
  const_cast<httplib::Request&>(request)  // NOLINT(cppcoreguidelines-pro-type-const-cast): as said
      .ranges.clear();
}

void SendTrial(const OpenTrial& trial, const std::vector<std::string>& range_headers,
               httplib::Response& response) {
  const std::size_t size = trial.file->size();
  ByteRange range{0, size};
  response.status = kOk;
  response.set_header("Accept-Ranges", "bytes");
  if (!range_headers.empty()) {
    const std::optional<ByteRange> asked =
        range_headers.size() == 1 ? ParseRange(range_headers.front(), size) : std::nullopt;
    if (!asked) {
      response.status = kUnsatisfiable;
      response.set_header("Content-Range", fmt::format("bytes */{}", size));
      return;
    }
    range = *asked;
    response.status = kPartial;
    response.set_header("Content-Range",
                        fmt::format("bytes {}-{}/{}", range.begin, range.end - 1, size));
  }
  response.set_content_provider(
      range.end - range.begin, "application/x-hdf5",
      [file = trial.file, range](std::size_t offset, std::size_t length, httplib::DataSink& sink) {
        std::vector<char> buffer(std::min(length, kReadBytes));
        const std::size_t got = file->Read(range.begin + offset, buffer.data(), buffer.size());
        return got > 0 && sink.write(buffer.data(), got);
      });
}

// Through a provider, since the library would compress a text anew, for seconds, at every request.
void SendText(const std::string& text, const std::string& type, httplib::Response& response) {
  response.status = kOk;
  response.set_content_provider(
      text.size(), type, [text](std::size_t offset, std::size_t length, httplib::DataSink& sink) {
        return sink.write(text.data() + offset, length);
      });
}

}  // namespace

struct PageServer::Impl {
  std::map<std::string, SiteFile> site;
  std::vector<OpenTrial> trials;
  ServerIdentity identity;
  httplib::Server server;

  void Answer(const httplib::Request& request, httplib::Response& response) const {
    HideRanges(request);
    response.set_header("Content-Security-Policy", kContentPolicy);
    response.set_header("X-Content-Type-Options", "nosniff");
    response.set_header("Referrer-Policy", "no-referrer");
    response.set_header("Cross-Origin-Resource-Policy", "same-origin");
    response.set_header("Cross-Origin-Opener-Policy", "same-origin");
    response.set_header("Cache-Control", "no-store");
    const RequestHead head = HeadOf(request);
    const GuardVerdict verdict = JudgeRequest(head, identity);
    response.status = verdict.refusal;
    if (verdict.refusal == 0) Send(verdict.rest, head, response);
  }

  void Send(const std::string& rest, const RequestHead& head, httplib::Response& response) const {
    for (std::size_t i = 0; i < trials.size(); ++i) {
      if (rest == fmt::format("trial/{}", i)) return SendTrial(trials[i], head.range, response);
    }
    if (rest == "trials.json") {
      return SendText(TrialListJson(), "application/json", response);
    }
    const auto file = site.find(rest.empty() ? "index.html" : rest);
    if (file == site.end()) {
      response.status = kNotFound;
      return;
    }
    SendText(file->second.content, file->second.type, response);
  }

  [[nodiscard]] std::string TrialListJson() const {
    std::vector<std::string> names;
    for (const OpenTrial& trial : trials) names.push_back(trial.name);
    return TrialNamesJson(names);
  }
};

PageServer::PageServer(const std::filesystem::path& site, const std::vector<ServedTrial>& trials,
                       const PageServerOptions& options)
    : impl_(std::make_unique<Impl>()) {
  impl_->site = ReadSite(site);
  for (const ServedTrial& trial : trials) {
    impl_->trials.push_back({trial.name, std::make_shared<OpenFile>(trial.path)});
  }
  impl_->identity.token = RandomToken();
  httplib::Server& server = impl_->server;
  // Two programs on one port (what the library allows) could read each other's requests.
  server.set_socket_options([](int /*socket*/) {});
  server.set_pre_routing_handler([impl = impl_.get()](const auto& request, auto& response) {
    impl->Answer(request, response);
    return httplib::Server::HandlerResponse::Handled;
  });
  constexpr const char* kLoopback = "127.0.0.1";
  const bool bound = options.port == 0
                         ? (impl_->identity.port = server.bind_to_any_port(kLoopback)) > 0
                         : server.bind_to_port(kLoopback, options.port);
  if (!bound) {
    throw InputError(
        fmt::format("port {} of this machine cannot be had (another program uses it?); "
                    "name another --port, or leave it out for a free one",
                    options.port));
  }
  if (options.port != 0) impl_->identity.port = options.port;
}

PageServer::~PageServer() = default;

int PageServer::port() const {
  return impl_->identity.port;
}

std::string PageServer::url() const {
  return fmt::format("http://127.0.0.1:{}/{}/", port(), impl_->identity.token);
}

void PageServer::Serve(const std::function<bool()>& is_over) {
  httplib::Server& server = impl_->server;
  std::atomic<bool> has_ended{false};
  std::thread listener([&] {
    server.listen_after_bind();
    has_ended = true;
  });
  while (!has_ended && !is_over()) std::this_thread::sleep_for(kAskInterval);
  // A stop before it listens would be lost.
  while (!has_ended && !server.is_running()) std::this_thread::sleep_for(kStartInterval);
  server.stop();
  listener.join();
}

}  // namespace medius::replay
