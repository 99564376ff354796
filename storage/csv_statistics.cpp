// Tables of what a run's strides come to: asymmetry, windows, trends.

#include "storage/csv_export.hpp"
#include "storage/csv_rows.hpp"

namespace medius::storage {
namespace {

const TableColumn kMetricColumn = {"metric", "", "Column of the table of strides"};
const TableColumn kUnitColumn = {"unit", "", "Unit of the metric"};

void PutMetric(CsvRows& row, const TableQuantity& quantity) {
  row.Text(quantity.column.name);
  row.Text(quantity.column.unit);
}

}  // namespace

std::vector<TableColumn> WriteAsymmetryCsv(const std::vector<AsymmetryRow>& rows,
                                           const TextSink& sink, CsvShape shape) {
  const std::vector<TableColumn> columns = {
      kMetricColumn,
      kUnitColumn,
      {"n_left", "", "Accepted left strides that have the metric"},
      {"n_right", "", "Accepted right strides that have the metric"},
      {"difference", "", "Mean of the right strides less that of the left ones"},
      {"standard_error", "", "Standard error of the difference by the strides of both sides"},
      {"measurement_sigma", "", "Standard deviation that more strides do not reduce"},
      {"ci_low", "", "Lower end of the 95 % interval of the difference"},
      {"ci_high", "", "Upper end of the 95 % interval of the difference"},
      {"symmetry_index_percent", "%", "200 (R - L) / (R + L); empty for angles"}};
  CsvRows row(sink, shape, 2);
  row.Header(columns);
  for (const AsymmetryRow& entry : rows) {
    const TableQuantity quantity = ForTable(entry.metric);
    PutMetric(row, quantity);
    row.Count(entry.n_left);
    row.Count(entry.n_right);
    for (const double value : {entry.difference, entry.standard_error, entry.measurement_sigma,
                               entry.ci_low, entry.ci_high}) {
      row.Number(value * quantity.factor);
    }
    row.Number(entry.symmetry_index);
    row.EndRow();
  }
  row.Flush();
  return columns;
}

std::vector<TableColumn> WriteWindowsCsv(const std::vector<WindowRow>& rows, const TextSink& sink,
                                         CsvShape shape) {
  const std::vector<TableColumn> columns = {
      kMetricColumn,
      kUnitColumn,
      SideColumn(),
      {"start_s", "s", "Beginning of the window"},
      {"end_s", "s", "End of the window"},
      {"n", "", "Accepted strides that begin in it and have the metric"},
      {"mean", "", "Mean over those strides, in the metric's unit"},
      {"sd", "", "Standard deviation from stride to stride"},
      {"ci_low", "", "Lower end of the 95 % interval of the mean by its strides alone"},
      {"ci_high", "", "Upper end of the 95 % interval of the mean by its strides alone"}};
  CsvRows row(sink, shape, 5);
  row.Header(columns);
  for (const WindowRow& entry : rows) {
    const TableQuantity quantity = ForTable(entry.metric);
    PutMetric(row, quantity);
    row.Text(ToString(entry.side));
    row.Number(entry.start);
    row.Number(entry.end);
    row.Count(entry.n);
    for (const double value : {entry.mean, entry.sd, entry.ci_low, entry.ci_high}) {
      row.Number(value * quantity.factor);
    }
    row.EndRow();
  }
  row.Flush();
  return columns;
}

std::vector<TableColumn> WriteTrendsCsv(const std::vector<TrendRow>& rows, const TextSink& sink,
                                        CsvShape shape) {
  const std::vector<TableColumn> columns = {
      kMetricColumn,
      kUnitColumn,
      SideColumn(),
      {"slope_per_minute", "", "Slope over the run (Theil-Sen), in the metric's unit per minute"},
      {"slope_ci_low", "", "Lower end of the 95 % interval of the slope"},
      {"slope_ci_high", "", "Upper end of the 95 % interval of the slope"},
      {"first_mean", "", "Mean of the first window"},
      {"last_mean", "", "Mean of the last window"},
      {"change", "", "last_mean less first_mean"},
      {"change_ci_low", "", "Lower end of the 95 % interval of the change"},
      {"change_ci_high", "", "Upper end of the 95 % interval of the change"},
      {"change_point_shift", "", "Median after less median before the step; empty without one"},
      {"change_point_s", "s", "Foot strike of the first stride after a step; empty without one"},
      {"change_point_p", "", "Probability of such a step by chance (Pettitt 1979)"}};
  CsvRows row(sink, shape, 3);
  row.Header(columns);
  for (const TrendRow& entry : rows) {
    const TableQuantity quantity = ForTable(entry.metric);
    PutMetric(row, quantity);
    row.Text(ToString(entry.side));
    for (const double value :
         {entry.slope_per_minute, entry.ci_low, entry.ci_high, entry.first_mean, entry.last_mean,
          entry.change, entry.change_ci_low, entry.change_ci_high, entry.change_point_shift}) {
      row.Number(value * quantity.factor);
    }
    row.Number(entry.change_point);
    row.Number(entry.change_point_p);
    row.EndRow();
  }
  row.Flush();
  return columns;
}

}  // namespace medius::storage
