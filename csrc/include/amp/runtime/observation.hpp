// Builds the policy's observation from what robots measure, as the policy's contract says.
//
// A sample is clip(scale * value) in double precision, stored as float32; a term is its `history`
// newest samples, oldest first; an observation is the terms in order. The first sample after a
// reset fills the history. Plain C++17; nothing is allocated or thrown after construction.
#pragma once

#include <cstddef>
#include <limits>
#include <vector>

namespace amp::runtime {

// What a term is made of.
enum class ObservationSource : unsigned char {
  base_ang_vel_b,       // 3, rad/s: the gyro in the base frame
  projected_gravity_b,  // 3: R(q)^T (0, 0, -1)
  command,              // C, in the order of the contract's commands
  joint_pos,            // J, rad from the default pose
  joint_vel,            // J, rad/s
  last_action,          // J, as applied (after the contract's action clip)
};

struct ObservationTerm {
  ObservationSource source = ObservationSource::base_ang_vel_b;
  std::size_t history = 1;  // samples, 1 or more
  double scale = 1.0;
  double lower = -std::numeric_limits<double>::infinity();  // of the clip, after the scale
  double upper = std::numeric_limits<double>::infinity();
};

// The observation's part of a contract. `measured[i]` is where the contract's joint i stands in the
// arrays of measured joints (found by name where the robot is described), which have
// `measured_joints` entries; last actions are always in the contract's order.
struct ObservationLayout {
  std::vector<ObservationTerm> terms;
  std::vector<double> default_pos;    // [J] rad
  std::vector<std::size_t> measured;  // [J]
  std::size_t measured_joints = 0;    // M >= J
  std::size_t commands = 0;           // C

  std::size_t joints() const noexcept { return default_pos.size(); }
  std::size_t size(ObservationSource source) const noexcept;  // numbers in one sample
  bool uses(ObservationSource source) const noexcept;
  std::size_t width() const noexcept;  // numbers in an observation
};

// One measurement of each of N robots, row-major. What no term uses may be null.
struct Measurements {
  const double* ang_vel_b = nullptr;    // [N, 3] rad/s
  const double* quat_w = nullptr;       // [N, 4] wxyz, base to world
  const double* joint_pos = nullptr;    // [N, M] rad
  const double* joint_vel = nullptr;    // [N, M] rad/s
  const double* command = nullptr;      // [N, C]
  const double* last_action = nullptr;  // [N, J]
};

// The direction of gravity in the base frame for a quaternion wxyz that need not have exactly unit
// length. False, with `gravity` untouched, for a length outside 0.5 to 2: a dead IMU reports zeros.
bool projected_gravity(const double* quat_w, double* gravity) noexcept;

// Observations of N robots with a history for each. Not for several threads at once.
class ObservationBuilder {
 public:
  // Throws std::invalid_argument for a layout that contradicts itself, or no robot.
  explicit ObservationBuilder(ObservationLayout layout, std::size_t robots = 1);

  std::size_t robots() const noexcept { return robots_; }
  std::size_t width() const noexcept { return width_; }
  const ObservationLayout& layout() const noexcept { return layout_; }

  // Forget the history of all robots, or of one: the next sample fills it.
  void reset() noexcept;
  void reset(std::size_t robot) noexcept;

  // Takes one more sample of every robot and writes the observations to `out` [N, width]. Where
  // `active` [N] is given, the others keep their history, and their rows of `out` stay. Returns
  // robots(), or the first robot whose quaternion is none; then nothing has changed.
  std::size_t build(const Measurements& in, const bool* active, float* out) noexcept;

 private:
  void sample(const ObservationTerm& term, const Measurements& in, std::size_t robot,
              float* to) const noexcept;

  ObservationLayout layout_;
  std::size_t robots_;
  std::size_t width_;
  std::vector<float> history_;         // [N, width]: rings of samples, term after term
  std::vector<unsigned char> filled_;  // [N]: whether the robot has a history
  std::vector<std::size_t> next_;      // [N, terms]: the ring's oldest sample, written next
};

}  // namespace amp::runtime
