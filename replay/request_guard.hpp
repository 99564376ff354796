#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace medius::replay {

/// What of a request decides whether it is answered. Values of a header that came more than once
/// stand one after the other.
struct RequestHead {
  std::string method;
  std::string path;  ///< decoded, without the query
  std::vector<std::string> host;
  std::vector<std::string> origin;
  std::vector<std::string> fetch_site;  ///< Sec-Fetch-Site
  std::vector<std::string> range;
};

/// Who this server is.
struct ServerIdentity {
  int port = 0;
  std::string token;
};

/// What comes after the token in a path that may be answered ("" is the page itself), or the HTTP
/// status of the refusal.
struct GuardVerdict {
  int refusal = 0;  ///< 0: go on
  std::string rest;
};

/// Judges everything but the range. 405 another method than GET and HEAD; 421 a Host that is not
/// exactly this server's (a foreign name that resolves to 127.0.0.1 is one); 403 a request from
/// another site's page; 404 a path without the token.
[[nodiscard]] GuardVerdict JudgeRequest(const RequestHead& request, const ServerIdentity& server);

/// Bytes [begin, end) of a file.
struct ByteRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// The one range that `Range: bytes=...` asks for, cut to the file. nullopt: not one range, not a
/// range at all, or none of the file's bytes (HTTP 416).
/// Source: RFC 9110, section 14.1.2.
[[nodiscard]] std::optional<ByteRange> ParseRange(std::string_view header, std::size_t file_size);

/// 128 bits of the system's randomness as 32 hexadecimal digits.
/// @throws std::runtime_error where the system has none.
[[nodiscard]] std::string RandomToken();

}  // namespace medius::replay
