#pragma once

namespace portolan::controller {

// Gives memory that this process has freed back to the machine, as far as the allocator can. A
// commit of a million entries takes a gigabyte while its files are read, and glibc keeps what is
// freed below an address still in use. Takes about 0.1 s for a gigabyte, in which other threads may
// have to wait for an allocation. Without effect where the allocator has no such call. Thread-safe.
void ReturnFreeMemory();

}  // namespace portolan::controller
