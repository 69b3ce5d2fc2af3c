#pragma once

namespace portolan::controller {

// Gives memory that this process has freed back to the machine, as far as the allocator can. A
// commit of a million entries takes a gigabyte while its files are read, and glibc keeps what is
// freed below an address still in use. Takes about 0.1 s for a gigabyte, in which other threads may
// have to wait for an allocation. Without effect where the allocator has no such call. Thread-safe.
void ReturnFreeMemory();

// From now on blocks of a megabyte and more go back to the machine when they are freed. A version
// that is stored, or answered as a whole, is one such block on whatever thread does it, and glibc
// learns from the first of them to keep as much for each thread: eight times a map's size. To be
// called once, when the process begins. Without effect where the allocator has no such setting.
void ReturnLargeBlocksAtOnce();

}  // namespace portolan::controller
