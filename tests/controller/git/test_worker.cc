#include "controller/git/worker.h"

int main(int argc, char** argv) {
  return portolan::controller::RunGitWorker(argc, argv);
}
