#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <pugixml.hpp>

namespace medius::storage {

/// A parsed XML file. @throws InputError with file and line where it is not XML.
class XmlFile {
 public:
  explicit XmlFile(const std::filesystem::path& path);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] pugi::xml_node root() const { return document_.document_element(); }
  /// The line that a byte of the file stands in, from 1.
  [[nodiscard]] std::size_t LineAt(std::ptrdiff_t offset) const;

 private:
  std::string name_;
  std::string text_;
  pugi::xml_document document_;
};

/// One element of an XML file, asked for its attributes. What is absent, no number or not finite is
/// an InputError that names the file, the line, what the element is, and the attribute.
class XmlElement {
 public:
  /// @param what  the element as messages name it: "camera c1".
  XmlElement(const XmlFile& file, pugi::xml_node node, std::string what);

  [[nodiscard]] bool Has(const char* attribute) const;
  [[nodiscard]] std::string Text(const char* attribute) const;
  [[nodiscard]] double Number(const char* attribute) const;
  /// Numbers with blanks between them, exactly `count` of them.
  [[nodiscard]] std::vector<double> Numbers(const char* attribute, std::size_t count) const;
  /// @throws InputError where there is no such child.
  [[nodiscard]] XmlElement Child(const char* name) const;
  [[nodiscard]] bool HasChild(const char* name) const;
  [[nodiscard]] pugi::xml_node node() const { return node_; }

  /// Throws the InputError "file: line N: what: problem".
  [[noreturn]] void Fail(std::string_view problem) const;

 private:
  [[nodiscard]] double NumberOf(const char* attribute, std::string_view word) const;

  const XmlFile* file_;
  pugi::xml_node node_;
  std::string what_;
};

/// `text` with the characters that XML reserves as entities.
[[nodiscard]] std::string XmlText(std::string_view text);

}  // namespace medius::storage
