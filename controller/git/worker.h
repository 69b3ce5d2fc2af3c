#pragma once

namespace portolan::controller {

// The hidden verb `git-worker`: serves FetchJobs (job.h), one line of JSON each on standard input,
// with one line of reply each on standard output, until the input ends. All jobs of one process
// name the same mirror.
//
// It confines itself first, because libgit2 has neither deadlines nor memory limits: 1 GiB of
// address space, 2 GiB per file, 256 descriptors, no core dump, death with the parent, no
// configuration of a user or the system. An exit or a signal before the reply is the client's
// WorkerKilled.
//
// Returns the process's exit code: 0 at the end of input, 2 when the input was no job.
int RunGitWorker(int argc, char** argv);

}  // namespace portolan::controller
