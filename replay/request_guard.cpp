#include "replay/request_guard.hpp"

#include <array>
#include <charconv>
#include <stdexcept>

#include <fmt/format.h>
#include <sys/random.h>

namespace medius::replay {
namespace {

constexpr int kForbidden = 403;
constexpr int kNotFound = 404;
constexpr int kMethodNotAllowed = 405;
constexpr int kMisdirected = 421;
constexpr std::size_t kTokenBytes = 16;

bool IsOwnHost(const std::vector<std::string>& host, int port) {
  if (host.size() != 1) return false;
  return host.front() == fmt::format("127.0.0.1:{}", port) ||
         host.front() == fmt::format("localhost:{}", port);
}

// A page of another site may make the browser ask, but the browser says that it did.
bool ComesFromOwnPage(const RequestHead& request) {
  for (const std::string& origin : request.origin) {
    constexpr std::string_view kScheme = "http://";
    if (!origin.starts_with(kScheme) || request.host.size() != 1 ||
        origin.substr(kScheme.size()) != request.host.front()) {
      return false;
    }
  }
  for (const std::string& site : request.fetch_site) {
    if (site != "same-origin" && site != "none") return false;
  }
  return true;
}

// Takes as long for a near miss as for a far one.
bool IsSame(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  }
  return difference == 0;
}

// Digits alone; nullopt also for what no size can hold.
std::optional<std::size_t> ParseSize(std::string_view digits) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || digits.empty()) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

GuardVerdict JudgeRequest(const RequestHead& request, const ServerIdentity& server) {
  if (request.method != "GET" && request.method != "HEAD") return {kMethodNotAllowed, {}};
  if (!IsOwnHost(request.host, server.port)) return {kMisdirected, {}};
  if (!ComesFromOwnPage(request)) return {kForbidden, {}};
  const std::string_view path = request.path;
  const std::size_t token_end = server.token.size() + 1;
  if (path.size() <= token_end || path[0] != '/' || path[token_end] != '/' ||
      !IsSame(path.substr(1, server.token.size()), server.token)) {
    return {kNotFound, {}};
  }
  return {0, std::string(path.substr(token_end + 1))};
}

std::optional<ByteRange> ParseRange(std::string_view header, std::size_t file_size) {
  constexpr std::string_view kUnit = "bytes=";
  if (!header.starts_with(kUnit) || file_size == 0) return std::nullopt;
  header.remove_prefix(kUnit.size());
  const std::size_t dash = header.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::string_view first = header.substr(0, dash);
  const std::string_view last = header.substr(dash + 1);
  if (first.empty()) {  // the last N bytes
    const std::optional<std::size_t> count = ParseSize(last);
    if (!count || *count == 0) return std::nullopt;
    return ByteRange{*count < file_size ? file_size - *count : 0, file_size};
  }
  const std::optional<std::size_t> begin = ParseSize(first);
  if (!begin || *begin >= file_size) return std::nullopt;
  if (last.empty()) return ByteRange{*begin, file_size};
  const std::optional<std::size_t> end = ParseSize(last);
  if (!end || *end < *begin) return std::nullopt;
  return ByteRange{*begin, *end < file_size ? *end + 1 : file_size};
}

std::string RandomToken() {
  std::array<unsigned char, kTokenBytes> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw std::runtime_error("the system gave no random numbers");
  }
  std::string token;
  for (const unsigned char byte : bytes) token += fmt::format("{:02x}", byte);
  return token;
}

}  // namespace medius::replay
