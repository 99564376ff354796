#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"
#include "storage/deeplabcut_table.hpp"
#include "storage/keypoint_formats.hpp"
#include "storage/rig_parts.hpp"
#include "storage/text_lines.hpp"

namespace medius::storage {
namespace {

constexpr double kLargestNumber = 1e6;

class DeepLabCutCsv : public KeypointSource {
 public:
  explicit DeepLabCutCsv(InputFile file)
      : KeypointSource("DeepLabCut CSV", true), file_(std::move(file)), lines_(file_) {
    table_.emplace(ReadHeader(), file_.name());
    mutable_labels() = table_->labels();
  }

  bool Next(KeypointFrame* frame) override {
    TextLine line;
    do {
      if (!lines_.Next(line)) return false;
    } while (line.text.find_first_not_of(" \t\r") == std::string_view::npos);
    std::string_view rest = line.text;
    std::string_view cell;
    TakeCell(rest, Delimiter::kComma, cell);
    const auto number = ParseNumber(cell);
    if (!number || *number < 0.0 || *number > 1e15 || *number != std::floor(*number)) {
      Fail(line,
           fmt::format("\"{}\" is no frame number; the table of an analysed video is expected",
                       cell));
    }
    frame->number = static_cast<std::int64_t>(*number);
    if (frame->number <= last_) {
      Fail(line, fmt::format("frame {} stands after frame {}", frame->number, last_));
    }
    last_ = frame->number;
    ReadValues(line, rest);
    frame->instances = table_->Row(values_);
    return true;
  }

 private:
  [[noreturn]] void Fail(const TextLine& line, const std::string& what) const {
    throw InputError(fmt::format("{}: line {}: {}", file_.name(), line.number, what));
  }

  // Cells behind the first of a header row, which must bear this name.
  std::optional<std::vector<std::string>> HeaderRow(TextLine* line, std::string_view name) {
    const std::vector<std::string> cells = SplitCells(line->text, Delimiter::kComma);
    if (cells.empty() || cells[0] != name) return std::nullopt;
    if (cells.size() < 2 || (columns_ != 0 && cells.size() != columns_ + 1)) {
      Fail(*line, fmt::format("has {} cells where {} are expected", cells.size(), columns_ + 1));
    }
    columns_ = cells.size() - 1;
    if (!lines_.Next(*line)) line->text = {};
    return std::vector<std::string>(cells.begin() + 1, cells.end());
  }

  std::vector<DeepLabCutColumn> ReadHeader() {
    TextLine line;
    if (!lines_.Next(line)) line.text = {};
    if (!HeaderRow(&line, "scorer")) Fail(line, "a row that begins with scorer is expected");
    const auto individuals = HeaderRow(&line, "individuals");
    const auto bodyparts = HeaderRow(&line, "bodyparts");
    if (!bodyparts) Fail(line, "a row that begins with bodyparts is expected");
    const std::vector<std::string> coords = SplitCells(line.text, Delimiter::kComma);
    if (coords.empty() || coords[0] != "coords") {
      Fail(line, "a row that begins with coords is expected");
    }
    if (coords.size() != columns_ + 1) {
      Fail(line, fmt::format("has {} cells where {} are expected", coords.size(), columns_ + 1));
    }
    std::vector<DeepLabCutColumn> columns(columns_);
    for (std::size_t i = 0; i < columns_; ++i) {
      columns[i] = {individuals ? (*individuals)[i] : "", (*bodyparts)[i], coords[i + 1]};
    }
    values_.resize(columns_);
    return columns;
  }

  void ReadValues(const TextLine& line, std::string_view rest) {
    std::string_view cell;
    for (std::size_t i = 0; i < columns_; ++i) {
      if (!TakeCell(rest, Delimiter::kComma, cell)) {
        Fail(line, fmt::format("has {} cells where {} are expected", i + 1, columns_ + 1));
      }
      const auto number =
          cell.empty() ? std::numeric_limits<double>::quiet_NaN() : ParseNumber(cell);
      if (!number || (std::abs(*number) > kLargestNumber)) {
        Fail(line, fmt::format("cell {}: \"{}\" is no pixel and no likelihood", i + 2, cell));
      }
      values_[i] = *number;
    }
    if (TakeCell(rest, Delimiter::kComma, cell)) {
      Fail(line, fmt::format("has more than {} cells", columns_ + 1));
    }
  }

  InputFile file_;
  LineReader lines_;
  std::size_t columns_ = 0;
  std::optional<DeepLabCutTable> table_;
  std::vector<double> values_;
  std::int64_t last_ = -1;
};

}  // namespace

bool LooksLikeDeepLabCutCsv(std::string_view head) {
  if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
  return head.starts_with("scorer,");
}

std::unique_ptr<KeypointSource> OpenDeepLabCutCsv(InputFile file) {
  return std::make_unique<DeepLabCutCsv>(std::move(file));
}

}  // namespace medius::storage
