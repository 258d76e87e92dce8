// What a run leaves behind: the timing of every tick, and the flight record where one is asked for.
#pragma once

#include <memory>

#include "amp/runtime/board.hpp"
#include "amp/runtime/flight_recorder.hpp"
#include "amp/runtime/loop.hpp"

namespace amp::runtime {

class RunMonitor : public TickListener {
 public:
  // Opens the record that the board's configuration names; where that fails, a note says so and
  // the run goes on. Create it before the loop's thread becomes real-time (see Recorder::open).
  explicit RunMonitor(const Board& board);

  void tick(const TickRecord& record) override;

 private:
  BoardLayout& board_;
  std::unique_ptr<FlightRecorder> recorder_;
  bool first_ = true;
};

}  // namespace amp::runtime
