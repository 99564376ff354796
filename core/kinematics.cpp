#include "core/kinematics.hpp"

namespace medius {

const AngleSeries* Kinematics::Find(std::string_view name) const {
  for (const AngleSeries& series : angles) {
    if (series.description.name == name) return &series;
  }
  return nullptr;
}

const StrideColumn* StrideTable::FindMetric(std::string_view name) const {
  for (const StrideColumn& column : metrics) {
    if (column.description.name == name) return &column;
  }
  return nullptr;
}

}  // namespace medius
