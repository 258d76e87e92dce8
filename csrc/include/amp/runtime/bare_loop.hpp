// The least that a loop can be: sleep until the next tick is due, and look at the clock. What the
// loop is measured against.
#pragma once

#include "amp/runtime/board.hpp"

namespace amp::runtime {

// Ticks for `duration_s` at the board's period, with the scheduling that its configuration asks
// for, and counts into the board's timing. In the calling thread, which keeps that scheduling.
void bare_loop(const Board& board, double duration_s);

}  // namespace amp::runtime
