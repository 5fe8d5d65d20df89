#include "learn/dist/communicator.h"

// The interface and the one-rank implementation are all in the header; this file makes the room a library.
