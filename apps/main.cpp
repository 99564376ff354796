#include "apps/command.hpp"

int main(int argc, char** argv) {
  using namespace medius::apps;  // NOLINT(google-build-using-namespace): the program itself
  CommandLine commands;
  AddSimulateCommand(commands);
  AddProjectCommand(commands);
  AddImportCommand(commands);
  AddCalibrateBoardCommand(commands);
  AddCalibrateWandCommand(commands);
  AddRigCommand(commands);
  AddCalibrateFloorCommand(commands);
  AddCalibrateCheckCommand(commands);
  AddSubjectCommand(commands);
  AddReconstructCommand(commands);
  AddRelabelCommand(commands);
  AddAnalyzeCommand(commands);
  AddExportCommand(commands);
  AddReportCommand(commands);
  AddProgressCommand(commands);
  AddRepeatabilityCommand(commands);
  AddSpmCommand(commands);
  AddNoteCommand(commands);
  AddInfoCommand(commands);
  return commands.Main(argc, argv);
}
