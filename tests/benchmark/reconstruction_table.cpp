#include "tests/benchmark/reconstruction_table.hpp"

#include <cmath>
#include <functional>

#include <fmt/format.h>

namespace medius::testing {
namespace {

constexpr double kDegree = 3.14159265358979323846 / 180.0;

std::string Number(double value, int digits) {
  return std::isfinite(value) ? fmt::format("{:.{}f}", value, digits) : std::string("-");
}

struct Row {
  std::string name;
  std::function<std::string(const CellScore&)> ours;
  std::string goal;
  std::string elsewhere;
};

std::string Print(const std::vector<Column>& columns, const std::vector<Row>& rows) {
  std::string text = fmt::format("{:<42}", "");
  for (const Column& column : columns) text += fmt::format("{:>14}", column.heading);
  text += fmt::format("   {:<24}{}\n", "goal", "found elsewhere");
  for (const Row& row : rows) {
    text += fmt::format("{:<42}", row.name);
    for (const Column& column : columns) text += fmt::format("{:>14}", row.ours(column.cell));
    text += fmt::format("   {:<24}{}\n", row.goal, row.elsewhere);
  }
  return text;
}

// A row of a number of the score.
Row Of(const std::string& name, double (ReconstructionScore::*value)() const, double factor,
       int digits, const std::string& goal, const std::string& elsewhere = "-") {
  return {name,
          [=](const CellScore& cell) { return Number(factor * (cell.points.*value)(), digits); },
          goal, elsewhere};
}

// Fills of one length, and what is asked of them.
struct GapGoal {
  const char* one_marker;
  const char* three_markers;
  const char* one_elsewhere;
  const char* three_elsewhere;
};
constexpr std::array<GapGoal, kGapLengths.size()> kGapGoals = {
    {{"0.8", "1.2", "0.6-1.3", "0.5-2.1"},
     {"1.5", "2.5", "1.7-4.7", "2.8-5.0"},
     {"2.0", "4", "1.7-5.0", "5.6-13.7"},
     {"3.5", "5", "3.5-9.7", "4.6-15.6"},
     {"4.0", "6", "2.2-9.4", "4.7-12.2"}}};

std::string OpenShare(const FillScore& fill) {
  const double all = static_cast<double>(fill.samples + fill.left_open);
  return Number(100.0 * static_cast<double>(fill.left_open) / all, 1);
}

}  // namespace

std::string PointTable(const std::vector<Column>& columns, bool wrong_rig) {
  using S = ReconstructionScore;
  std::vector<Row> rows = {
      Of("recall of points with 3 rays or more, %", &S::Recall, 100.0, 3,
         wrong_rig ? ">= 99.5" : ">= 99.9"),
      Of("recall of 2-ray points, live tracks, %", &S::TwoRayRecall, 100.0, 2, ">= 99.5"),
      Of("ghosts per 1e5 points", &S::GhostsPer1e5, 1.0, 1, wrong_rig ? "<= 10" : "<= 1", "12"),
      Of("  of these, as uncertain as they are far", &S::UncertainGhostsPer1e5, 1.0, 1, "-"),
      Of("identity switches per 1e5", &S::SwitchesPer1e5, 1.0, 1, "0 / 5 / 30",
         "0-290 / 71-989 / 472-2551"),
      Of("mislabelled per 1e5 marker-frames", &S::MislabelledPer1e5, 1.0, 1, "0 / 20 / 200",
         "400-1200"),
      Of("  after filling", &S::MislabelledFilledPer1e5, 1.0, 1, "0 / 20 / 200"),
      Of("left unlabelled, %", &S::UnlabelledShare, 100.0, 3, "< 1"),
      Of("3D error over the Cramer-Rao bound", &S::ErrorOverBound, 1.0, 3,
         wrong_rig ? "-" : "<= 1.1"),
      Of("e^T C^-1 e, mean", &S::MeanChi2, 1.0, 2, wrong_rig ? "-" : "3 +- 0.2"),
      Of("fill errors within 2 sigma, %", &S::FillsWithin2Sigma, 100.0, 1, "90-98", "nobody")};
  rows.push_back({"counted: thousands of points with 3 rays",
                  [](const CellScore& cell) {
                    return Number(1e-3 * static_cast<double>(cell.points.three_ray), 0);
                  },
                  "-", "-"});
  rows.push_back({"counted: 2-ray points on live tracks",
                  [](const CellScore& cell) { return fmt::format("{}", cell.points.two_ray); }, "-",
                  "-"});
  rows.push_back({"counted: tracks (labels, fragments)",
                  [](const CellScore& cell) { return fmt::format("{}", cell.points.tracks); }, "-",
                  "-"});
  for (std::size_t i = 0; i < kGapLengths.size(); ++i) {
    rows.push_back(
        {fmt::format("fills of about {:.0f} ms, rms mm", 1e3 * kGapLengths[i]),
         [i](const CellScore& cell) { return Number(1e3 * cell.points.fills[i].Rms(), 2); }, "-",
         "-"});
  }
  rows.push_back({"times real time, whole command",
                  [](const CellScore& cell) { return Number(cell.recorded / cell.seconds, 0); },
                  "-", "-"});
  return Print(columns, rows);
}

std::string GapTable(const CellScore& one_marker, const CellScore& three_markers) {
  std::string text = fmt::format("{:<12}{:>10}{:>9}{:>9}{:>8}  {:<10}{:>12}{:>9}{:>9}{:>8}  {}\n",
                                 "gap", "one: mm", "open %", "2sig %", "goal", "elsewhere",
                                 "three: mm", "open %", "2sig %", "goal", "elsewhere");
  const auto cells = [](const FillScore& fill) {
    return std::array<std::string, 3>{Number(1e3 * fill.Rms(), 2), OpenShare(fill),
                                      Number(100.0 * static_cast<double>(fill.within_2sigma) /
                                                 static_cast<double>(fill.coordinates),
                                             1)};
  };
  for (std::size_t i = 0; i < kGapLengths.size(); ++i) {
    const auto one = cells(one_marker.points.fills[i]);
    const auto three = cells(three_markers.points.fills[i]);
    const GapGoal& goal = kGapGoals[i];
    text += fmt::format("{:<12}{:>10}{:>9}{:>9}{:>8}  {:<10}{:>12}{:>9}{:>9}{:>8}  {}\n",
                        fmt::format("{:.0f} ms", 1e3 * kGapLengths[i]), one[0], one[1], one[2],
                        goal.one_marker, goal.one_elsewhere, three[0], three[1], three[2],
                        goal.three_markers, goal.three_elsewhere);
  }
  return text;
}

std::string AngleTable(const std::vector<Column>& columns) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < kAngles.size(); ++i) {
    std::string name = kAngles[i];
    for (char& letter : name) letter = letter == '_' ? ' ' : letter;
    rows.push_back({name + ", rms deg",
                    [i](const CellScore& cell) { return Number(cell.angles.Rms(i) / kDegree, 3); },
                    "<= 0.3", "-"});
    rows.push_back({"  frames that lack it, %",
                    [i](const CellScore& cell) {
                      const double lacking =
                          static_cast<double>(cell.angles.expected[i] - cell.angles.compared[i]);
                      return Number(100.0 * lacking / static_cast<double>(cell.angles.expected[i]),
                                    2);
                    },
                    "-", "-"});
  }
  rows.push_back({"strides kept",
                  [](const CellScore& cell) {
                    return fmt::format("{}/{}", cell.angles.strides_kept, cell.angles.strides);
                  },
                  "all", "-"});
  return Print(columns, rows);
}

std::string Failures(const std::vector<Column>& columns) {
  std::string text;
  for (const Column& column : columns) {
    for (const std::string& failure : column.cell.failures) {
      text += fmt::format("failed, {}: {}", column.heading, failure);
      if (text.back() != '\n') text += '\n';
    }
  }
  return text;
}

}  // namespace medius::testing
