#include "storage/csv_export.hpp"

#include <cmath>
#include <numbers>
#include <utility>

#include <fmt/format.h>

#include "core/check.hpp"
#include "storage/csv_rows.hpp"
#include "storage/millimetres.hpp"

namespace medius::storage {
namespace {

constexpr double kDegreesPerRadian = 180.0 / std::numbers::pi;

TableColumn TimeColumnNamed(std::string name, std::string definition) {
  return {std::move(name), "s", std::move(definition)};
}

struct UnitForTable {
  std::string unit;
  std::string suffix;
  double factor = 1.0;
};

UnitForTable ConvertUnit(std::string_view unit) {
  if (unit == "rad") return {"deg", "_deg", kDegreesPerRadian};
  if (unit == "rad/s") return {"deg/s", "_deg_per_s", kDegreesPerRadian};
  if (unit == "m") return {"mm", "_mm", 1000.0};
  if (unit == "m/s") return {"m/s", "_m_per_s", 1.0};
  if (unit == "1/min") return {"1/min", "_per_min", 1.0};
  if (unit == "%") return {"%", "_percent", 1.0};
  if (unit.empty() || unit == "1") return {"", "", 1.0};
  std::string suffix = "_";
  for (const char c : unit) suffix += c == '/' ? std::string("_per_") : std::string(1, c);
  return {std::string(unit), suffix, 1.0};
}

}  // namespace

TableQuantity ForTable(const QuantityDescription& description) {
  UnitForTable unit = ConvertUnit(description.unit);
  return {{description.name + unit.suffix, std::move(unit.unit), description.definition},
          unit.factor};
}

std::string CsvCell(std::string_view text) {
  std::string cell(text);
  const bool is_formula =
      !cell.empty() && (std::string_view("=+-@").find(cell[0]) != std::string_view::npos ||
                        static_cast<unsigned char>(cell[0]) < 0x20);
  if (is_formula) cell.insert(cell.begin(), '\'');
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  std::string quoted = "\"";
  for (const char c : cell) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

std::vector<TableColumn> WriteEventsCsv(const GaitEvents& events, const TextSink& sink,
                                        CsvShape shape) {
  const std::vector<TableColumn> columns = {TimeColumnNamed("time_s", "Time of the event"),
                                            SideColumn(),
                                            {"type", "", "foot_strike or toe_off"}};
  CsvRows row(sink, shape, 2);
  row.Header(columns);
  for (const GaitEvent& event : events) {
    row.Number(event.time);
    row.Text(ToString(event.side));
    row.Text(ToString(event.type));
    row.EndRow();
  }
  row.Flush();
  return columns;
}

std::vector<TableColumn> WriteKinematicsCsv(const Kinematics& kinematics, const TimeBase& time_base,
                                            const TextSink& sink, CsvShape shape) {
  std::vector<TableColumn> columns = {TimeColumnNamed("time_s", "Time of the frame")};
  std::vector<double> factors;
  for (const AngleSeries& angle : kinematics.angles) {
    const TableQuantity quantity = ForTable(angle.description);
    factors.push_back(quantity.factor);
    columns.push_back(quantity.column);
    MEDIUS_CHECK(angle.value.size() == time_base.frame_count(), "an angle of another length");
    if (angle.sigma.empty()) continue;
    QuantityDescription sigma = angle.description;
    sigma.name += "_sigma";
    sigma.definition =
        fmt::format("Standard deviation of the measurement of {}", angle.description.name);
    columns.push_back(ForTable(sigma).column);
  }
  CsvRows row(sink, shape, 1);
  row.Header(columns);
  for (std::size_t frame = 0; frame < time_base.frame_count(); ++frame) {
    row.Number(time_base.time[frame]);
    for (std::size_t i = 0; i < factors.size(); ++i) {
      const AngleSeries& angle = kinematics.angles[i];
      row.Number(angle.value[frame] * factors[i]);
      if (!angle.sigma.empty()) {
        row.Number(static_cast<float>(angle.sigma[frame] * factors[i]));
      }
    }
    row.EndRow();
  }
  row.Flush();
  return columns;
}

std::vector<TableColumn> WriteStridesCsv(const StrideTable& strides, const TextSink& sink,
                                         CsvShape shape) {
  std::vector<TableColumn> columns = {
      SideColumn(), TimeColumnNamed("start_s", "Foot strike that begins the stride"),
      TimeColumnNamed("toe_off_s", "Toe off of that foot"),
      TimeColumnNamed("end_s", "Next foot strike of that foot")};
  std::vector<double> factors;
  for (const StrideColumn& metric : strides.metrics) {
    const TableQuantity quantity = ForTable(metric.description);
    columns.push_back(quantity.column);
    factors.push_back(quantity.factor);
  }
  columns.push_back({"accepted", "", "1 where the stride counts in the summary, else 0"});
  columns.push_back({"rejection_reason", "", "Why the stride does not count; empty where it does"});
  CsvRows row(sink, shape, 4);
  row.Header(columns);
  for (std::size_t i = 0; i < strides.stride_count(); ++i) {
    row.Text(ToString(strides.side[i]));
    for (const std::vector<double>* time : {&strides.start, &strides.toe_off, &strides.end}) {
      row.Number(time->at(i));
    }
    for (std::size_t k = 0; k < factors.size(); ++k) {
      row.Number(strides.metrics[k].value.at(i) * factors[k]);
    }
    row.Count(strides.accepted.at(i) != 0 ? 1 : 0);
    row.Text(i < strides.rejection_reason.size() ? strides.rejection_reason[i] : std::string());
    row.EndRow();
  }
  row.Flush();
  return columns;
}

std::vector<TableColumn> WriteCurvesCsv(const StrideTable& strides, const TextSink& sink,
                                        CsvShape shape) {
  std::vector<TableColumn> columns = {
      {"stride", "", "Number of the stride, from 1: its row in the table of strides"},
      SideColumn(),
      TimeColumnNamed("start_s", "Foot strike that begins the stride"),
      {"accepted", "", "1 where the stride counts in the summary, else 0"},
      {"percent", "%", "0 at that foot strike, 100 at the next of that foot"}};
  std::vector<double> factors;
  for (const StrideCurves& curve : strides.curves) {
    const TableQuantity quantity = ForTable(curve.description);
    columns.push_back(quantity.column);
    factors.push_back(quantity.factor);
  }
  CsvRows row(sink, shape, 5);
  row.Header(columns);
  for (std::size_t i = 0; i < strides.stride_count(); ++i) {
    for (std::size_t percent = 0; percent < kCurvePoints; ++percent) {
      row.Count(i + 1);
      row.Text(ToString(strides.side[i]));
      row.Number(strides.start.at(i));
      row.Count(strides.accepted.at(i) != 0 ? 1 : 0);
      row.Count(percent);
      for (std::size_t k = 0; k < factors.size(); ++k) {
        const float value = strides.curves[k].value.at(i * kCurvePoints + percent);
        row.Number(static_cast<float>(value * factors[k]));
      }
      row.EndRow();
    }
  }
  row.Flush();
  return columns;
}

std::vector<TableColumn> WriteSummaryCsv(const Summary& summary, const TextSink& sink,
                                         CsvShape shape) {
  const std::vector<TableColumn> columns = {
      {"metric", "", "Column of the table of strides"},
      {"unit", "", "Unit of the metric"},
      SideColumn(),
      {"n", "", "Accepted strides that have the metric"},
      {"mean", "", "Mean over those strides, in the metric's unit"},
      {"median", "", "Median over those strides"},
      {"sd", "", "Standard deviation from stride to stride"},
      {"standard_error", "", "Standard error of the mean by its strides: sd / sqrt(n)"},
      {"ci_low", "", "Lower end of the 95 % interval of the mean"},
      {"ci_high", "", "Upper end of the 95 % interval of the mean"},
      {"trend_per_minute", "", "Slope over the run, in the metric's unit per minute"},
      {"measurement_sigma", "", "Standard deviation of the mean that more strides do not reduce"},
      {"noise_sigma", "", "Standard deviation of one stride by the markers' noise; part of sd"}};
  CsvRows row(sink, shape, 3);
  row.Header(columns);
  for (const SummaryRow& entry : summary) {
    const TableQuantity quantity = ForTable(entry.metric);
    row.Text(quantity.column.name);
    row.Text(quantity.column.unit);
    row.Text(ToString(entry.side));
    row.Count(entry.n);
    for (const double value :
         {entry.mean, entry.median, entry.sd, entry.standard_error, entry.ci_low, entry.ci_high,
          entry.trend_per_minute, entry.measurement_sigma, entry.noise_sigma}) {
      row.Number(value * quantity.factor);
    }
    row.EndRow();
  }
  row.Flush();
  return columns;
}

TrajectoriesCsvWriter::TrajectoriesCsvWriter(TextSink sink, const TimeBase& time_base,
                                             const std::vector<std::string>& labels, CsvShape shape)
    : sink_(std::move(sink)), time_base_(time_base), labels_(labels), shape_(shape) {
  columns_.push_back(TimeColumnNamed("time_s", "Time of the frame"));
  static constexpr const char* kAxes[] = {"X in the direction of running", "Y to the runner's left",
                                          "Z up"};
  const auto add = [this](const std::string& prefix, const std::string& of) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      columns_.push_back({fmt::format("{}{}_mm", prefix, "xyz"[axis]), "mm",
                          fmt::format("Position{} in the lab, {}", of, kAxes[axis])});
    }
  };
  if (shape == CsvShape::kLong) {
    columns_.push_back({"label", "", "Name of the marker"});
    add("", "");
  } else {
    for (const std::string& label : labels) add(label + "_", " of " + label);
  }
  CsvRows row(sink_, CsvShape::kWide, 0);
  row.Header(columns_);
  row.Flush();
}

void TrajectoriesCsvWriter::Append(const TrajectoryBlock& block) {
  CsvRows row(sink_, CsvShape::kWide, 0);
  const std::size_t markers = block.marker_count();
  for (std::size_t frame = 0; frame < block.frames().count; ++frame) {
    const double time = time_base_.time.at(next_frame_++);
    if (shape_ == CsvShape::kWide) row.Number(time);
    for (std::size_t marker = 0; marker < markers; ++marker) {
      if (shape_ == CsvShape::kLong) {
        row.Number(time);
        row.Text(labels_[marker]);
      }
      for (std::size_t axis = 0; axis < 3; ++axis) {
        row.Millimetres(block.position[(frame * markers + marker) * 3 + axis]);
      }
      if (shape_ == CsvShape::kLong) row.EndRow();
    }
    if (shape_ == CsvShape::kWide) row.EndRow();
  }
  row.Flush();
}

std::string DataDictionaryCsv(const std::vector<TableColumn>& columns) {
  std::string text = "column,unit,definition\n";
  for (const TableColumn& column : columns) {
    text += fmt::format("{},{},{}\n", CsvCell(column.name), CsvCell(column.unit),
                        CsvCell(column.definition));
  }
  return text;
}

}  // namespace medius::storage
