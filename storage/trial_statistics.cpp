// The tables in /summary: asymmetry, windows and trends of a run.

#include <fmt/format.h>

#include "core/error.hpp"
#include "storage/hdf5_tree.hpp"
#include "storage/trial_reader_impl.hpp"
#include "storage/trial_table_writer.hpp"
#include "storage/trial_writer_impl.hpp"

namespace medius::storage {
namespace {

using hdf5::ElementType;

// A column of numbers of a table of rows: one list for writing and reading.
template <typename Row>
struct NumberColumn {
  const char* name;
  double Row::*field;
  const char* unit;
  const char* definition;
};
template <typename Row>
struct CountColumn {
  const char* name;
  std::size_t Row::*field;
  const char* definition;
};

constexpr const char* kPerMinute = "of the row, per minute";

const std::vector<NumberColumn<AsymmetryRow>>& Numbers(const AsymmetryRow* /*unused*/) {
  static const std::vector<NumberColumn<AsymmetryRow>> kColumns = {
      {"difference", &AsymmetryRow::difference, schema::kRowUnit,
       "mean of the right strides less that of the left ones"},
      {"standard_error", &AsymmetryRow::standard_error, schema::kRowUnit,
       "standard error of the difference by the strides of both sides"},
      {"measurement_sigma", &AsymmetryRow::measurement_sigma, schema::kRowUnit,
       "standard deviation of the difference that more strides would not reduce"},
      {"ci_low", &AsymmetryRow::ci_low, schema::kRowUnit,
       "lower end of the 95 % interval of the difference, from both"},
      {"ci_high", &AsymmetryRow::ci_high, schema::kRowUnit,
       "upper end of the 95 % interval of the difference, from both"},
      {"symmetry_index", &AsymmetryRow::symmetry_index, "%",
       "200 (R - L) / (R + L); NaN but for times, lengths, speeds and rates"}};
  return kColumns;
}
const std::vector<CountColumn<AsymmetryRow>>& Counts(const AsymmetryRow* /*unused*/) {
  static const std::vector<CountColumn<AsymmetryRow>> kColumns = {
      {"n_left", &AsymmetryRow::n_left, "number of left strides that count"},
      {"n_right", &AsymmetryRow::n_right, "number of right strides that count"}};
  return kColumns;
}

const std::vector<NumberColumn<WindowRow>>& Numbers(const WindowRow* /*unused*/) {
  static const std::vector<NumberColumn<WindowRow>> kColumns = {
      {"start", &WindowRow::start, "s", "beginning of the window"},
      {"end", &WindowRow::end, "s", "end of the window"},
      {"mean", &WindowRow::mean, schema::kRowUnit,
       "mean over the accepted strides that begin in the window"},
      {"sd", &WindowRow::sd, schema::kRowUnit, "standard deviation from stride to stride"},
      {"ci_low", &WindowRow::ci_low, schema::kRowUnit,
       "lower end of the 95 % interval of the mean by its strides alone"},
      {"ci_high", &WindowRow::ci_high, schema::kRowUnit,
       "upper end of the 95 % interval of the mean by its strides alone"}};
  return kColumns;
}
const std::vector<CountColumn<WindowRow>>& Counts(const WindowRow* /*unused*/) {
  static const std::vector<CountColumn<WindowRow>> kColumns = {
      {"n", &WindowRow::n, "number of strides that count"}};
  return kColumns;
}

const std::vector<NumberColumn<TrendRow>>& Numbers(const TrendRow* /*unused*/) {
  static const std::vector<NumberColumn<TrendRow>> kColumns = {
      {"slope_per_minute", &TrendRow::slope_per_minute, kPerMinute,
       "slope over the run (Theil-Sen)"},
      {"ci_low", &TrendRow::ci_low, kPerMinute, "lower end of the 95 % interval of the slope"},
      {"ci_high", &TrendRow::ci_high, kPerMinute, "upper end of the 95 % interval of the slope"},
      {"first_mean", &TrendRow::first_mean, schema::kRowUnit, "mean of the first window"},
      {"last_mean", &TrendRow::last_mean, schema::kRowUnit, "mean of the last window"},
      {"change", &TrendRow::change, schema::kRowUnit, "last_mean less first_mean"},
      {"change_ci_low", &TrendRow::change_ci_low, schema::kRowUnit,
       "lower end of the 95 % interval of the change"},
      {"change_ci_high", &TrendRow::change_ci_high, schema::kRowUnit,
       "upper end of the 95 % interval of the change"},
      {"change_point", &TrendRow::change_point, "s",
       "foot strike of the first stride after a step in the metric; NaN where there is none"},
      {"change_point_p", &TrendRow::change_point_p, "1",
       "probability of such a step by chance (Pettitt 1979)"},
      {"change_point_shift", &TrendRow::change_point_shift, schema::kRowUnit,
       "median after less median before the step; NaN where there is none"}};
  return kColumns;
}
const std::vector<CountColumn<TrendRow>>& Counts(const TrendRow* /*unused*/) {
  static const std::vector<CountColumn<TrendRow>> kColumns;
  return kColumns;
}

template <typename Row>
constexpr bool kHasSide = requires(Row row) {
  row.side;
};

template <typename Row>
void WriteRows(hid_t summary, const char* name, const std::vector<Row>& rows,
               const std::string& shown) {
  const hdf5::Handle group = hdf5::CreateGroup(summary, name, shown);
  const TableWriter table(group.get(), rows.size(), shown);
  const auto texts = [&](const schema::Dataset& dataset, std::string QuantityDescription::*field) {
    table.WriteTexts(dataset, Column(rows, [field](const Row& row) { return row.metric.*field; }));
  };
  texts(schema::kSummaryMetric, &QuantityDescription::name);
  if constexpr (kHasSide<Row>) {
    table.Write(schema::kSummarySide,
                Column(rows, [](const Row& row) { return static_cast<std::int8_t>(row.side); }));
  }
  for (const CountColumn<Row>& column : Counts(static_cast<const Row*>(nullptr))) {
    const QuantityDescription quantity{column.name, "1", column.definition};
    table.Write(quantity, ElementType::kUint64,
                Column(rows, [&](const Row& row) { return std::uint64_t{row.*column.field}; }));
  }
  for (const NumberColumn<Row>& column : Numbers(static_cast<const Row*>(nullptr))) {
    const QuantityDescription quantity{column.name, column.unit, column.definition};
    table.Write(quantity, ElementType::kFloat64,
                Column(rows, [&](const Row& row) { return row.*column.field; }));
  }
  texts(schema::kSummaryUnit, &QuantityDescription::unit);
  texts(schema::kSummaryDefinition, &QuantityDescription::definition);
}

// Reads one table. Trial is TrialReader::Impl, which only members may name.
template <typename Row, typename Trial>
class RowReader {
 public:
  RowReader(const Trial& trial, std::string group) : trial_(trial), group_(std::move(group)) {}

  std::vector<Row> Read() {
    hdf5::ColumnReader metric =
        trial_.Column(group_, schema::kSummaryMetric.name, ElementType::kText);
    rows_.resize(trial_.TableRows(metric));
    reason_ = fmt::format("/{}/metric has {} rows", group_, rows_.size());
    Texts(schema::kSummaryMetric, &QuantityDescription::name);
    Texts(schema::kSummaryUnit, &QuantityDescription::unit);
    Texts(schema::kSummaryDefinition, &QuantityDescription::definition);
    if constexpr (kHasSide<Row>) Sides();
    for (const CountColumn<Row>& column : Counts(static_cast<const Row*>(nullptr))) {
      const auto values = Values<std::uint64_t>(column.name, ElementType::kUint64);
      for (std::size_t i = 0; i < rows_.size(); ++i) rows_[i].*column.field = values[i];
    }
    for (const NumberColumn<Row>& column : Numbers(static_cast<const Row*>(nullptr))) {
      const auto values = Values<double>(column.name, ElementType::kFloat64);
      for (std::size_t i = 0; i < rows_.size(); ++i) rows_[i].*column.field = values[i];
    }
    return std::move(rows_);
  }

 private:
  template <typename Value>
  std::vector<Value> Values(const char* name, ElementType type) const {
    return trial_.template ReadTable<Value>(group_, {name, type, "", ""}, rows_.size(), reason_);
  }
  void Texts(const schema::Dataset& dataset, std::string QuantityDescription::*field) {
    hdf5::ColumnReader column = trial_.Column(group_, dataset.name, dataset.type);
    column.ExpectShape({rows_.size()}, reason_);
    const std::vector<std::string> texts = trial_.ReadTexts(column);
    for (std::size_t i = 0; i < rows_.size(); ++i) rows_[i].metric.*field = texts[i];
  }
  void Sides() {
    const auto codes = Values<std::int8_t>(schema::kSummarySide.name, schema::kSummarySide.type);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (codes[i] != 0 && codes[i] != 1) {
        throw InputError(fmt::format("{}: holds {}, expected 0 to 1: the file is damaged",
                                     trial_.Where(group_ + "/" + schema::kSummarySide.name),
                                     static_cast<int>(codes[i])));
      }
      rows_[i].side = static_cast<Side>(codes[i]);
    }
  }

  const Trial& trial_;
  std::string group_;
  std::string reason_;
  std::vector<Row> rows_;
};

}  // namespace

void TrialWriter::Impl::WriteRunStatistics(const RunStatistics& statistics) {
  MEDIUS_CHECK(Has(schema::kSummary), "the summary comes before its further tables");
  const hdf5::Handle group = hdf5::OpenGroup(file.get(), schema::kSummary, shown);
  WriteRows(group.get(), schema::kAsymmetry, statistics.asymmetry, shown);
  WriteRows(group.get(), schema::kWindows, statistics.windows, shown);
  WriteRows(group.get(), schema::kTrends, statistics.trends, shown);
}

RunStatistics TrialReader::Impl::ReadRunStatistics() const {
  RunStatistics statistics;
  if (!Has(TrialPart::kSummary)) return statistics;
  const std::string summary = schema::kSummary;
  const auto read = [&](const char* name, auto& rows) {
    using Row = typename std::decay_t<decltype(rows)>::value_type;
    if (HasMember(summary, name)) {
      rows = RowReader<Row, TrialReader::Impl>(*this, summary + "/" + name).Read();
    }
  };
  read(schema::kAsymmetry, statistics.asymmetry);
  read(schema::kWindows, statistics.windows);
  read(schema::kTrends, statistics.trends);
  return statistics;
}

}  // namespace medius::storage
