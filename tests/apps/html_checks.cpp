#include "tests/apps/html_checks.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <vector>

namespace medius::testing {

std::string TagProblem(const std::string& html) {
  const std::set<std::string> is_void{"meta"};
  std::vector<std::string> open;
  for (std::size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
    const std::size_t end = html.find('>', at);
    if (end == std::string::npos) return "a tag that does not end";
    std::string tag = html.substr(at + 1, end - at - 1);
    if (tag.empty() || tag[0] == '!') continue;
    if (std::count(tag.begin(), tag.end(), '"') % 2 != 0) return "quotes in <" + tag + ">";
    const bool closes = tag[0] == '/';
    const bool alone = tag.back() == '/';
    const std::size_t begin = closes ? 1 : 0;
    std::size_t length = begin;
    while (length < tag.size() && std::isalnum(static_cast<unsigned char>(tag[length])) != 0) {
      ++length;
    }
    const std::string name = tag.substr(begin, length - begin);
    if (name.empty()) return "a < that starts no tag before \"" + tag.substr(0, 20) + "\"";
    if (closes) {
      if (open.empty() || open.back() != name) return "</" + name + "> closes nothing";
      open.pop_back();
    } else if (!alone && is_void.count(name) == 0) {
      open.push_back(name);
    }
  }
  return open.empty() ? "" : "<" + open.back() + "> stays open";
}

std::string OutsideOf(const std::string& html) {
  for (const char* outside :
       {"http:", "https:", "src=", "href=", "<script", "@import", "<link", "<iframe", "<object",
        " onload=", " onerror=", " onclick=", "javascript:"}) {
    if (html.find(outside) != std::string::npos) return outside;
  }
  return "";
}

std::string TextOf(const std::string& html) {
  std::string text;
  bool in_tag = false;
  const std::size_t style_end = html.find("</style>");
  for (std::size_t i = style_end == std::string::npos ? 0 : style_end; i < html.size(); ++i) {
    if (html[i] == '<') in_tag = true;
    if (!in_tag) text += html[i];
    if (html[i] == '>') in_tag = false;
  }
  return text;
}

}  // namespace medius::testing
