#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace medius::replay {

/// A trial that the page may read. It is known to the page by its place in the list alone.
struct ServedTrial {
  std::string name;            ///< what the page calls it: the name of the file, without its folder
  std::filesystem::path path;  ///< opened once, when the server is made
};

struct PageServerOptions {
  /// Port on 127.0.0.1; 0 takes a free one.
  int port = 0;
};

/// Serves the replay page and the trials to a browser on this machine, and nothing else.
///
/// Listens on 127.0.0.1 alone. Every address begins with a random token that only the printed URL
/// has. Answers GET and HEAD, where the Host is this server's own and the request does not come
/// from another site's page; a trial by its number, whole or one range of it. Whatever else is
/// asked for is refused without a word about what there is. A trial is read from the file as it
/// was when the server was made, also where another has since taken its place.
class PageServer {
 public:
  /// @param site    folder of the built page: index.html and assets/; read into memory here.
  /// @param trials  one or more.
  /// @throws InputError where the page or a trial cannot be read, or the port is taken.
  PageServer(const std::filesystem::path& site, const std::vector<ServedTrial>& trials,
             const PageServerOptions& options = {});
  ~PageServer();
  PageServer(const PageServer&) = delete;
  PageServer& operator=(const PageServer&) = delete;
  PageServer(PageServer&&) = delete;
  PageServer& operator=(PageServer&&) = delete;

  /// The address to open, token and all: http://127.0.0.1:PORT/TOKEN/
  [[nodiscard]] std::string url() const;
  [[nodiscard]] int port() const;

  /// Answers requests until `is_over` says so (asked a few times a second).
  void Serve(const std::function<bool()>& is_over);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace medius::replay
