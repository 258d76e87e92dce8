// Observations and actions in plain C++: order, history, joints by index, resets, refusals.
#include <limits>
#include <stdexcept>
#include <vector>

#include "amp/runtime/action.hpp"
#include "amp/runtime/observation.hpp"
#include "check.hpp"

namespace {

using namespace amp::runtime;

ObservationLayout layout() {
  ObservationLayout result;
  result.terms = {{ObservationSource::joint_pos, 3, 2.0, -1.0, 1.0},
                  {ObservationSource::projected_gravity_b, 1},
                  {ObservationSource::last_action, 2}};
  result.default_pos = {0.5, 0.25};
  result.measured = {2, 0};  // the robot reports three joints, in another order
  result.measured_joints = 3;
  return result;
}

std::vector<float> build(ObservationBuilder& builder, double value) {
  const std::vector<double> pos = {value, 9.0, 0.5 + value / 8.0};
  const std::vector<double> quat = {2.0 / 1.5, 0.0, 0.0, 0.0};
  const std::vector<double> action = {value, -value};
  Measurements in;
  in.joint_pos = pos.data();
  in.quat_w = quat.data();
  in.last_action = action.data();
  std::vector<float> out(builder.width());
  CHECK(builder.build(in, nullptr, out.data()) == 1);
  return out;
}

void one_robot() {
  ObservationBuilder builder(layout());
  CHECK(builder.width() == 3 * 2 + 3 + 2 * 2);
  const std::vector<float> first = build(builder, 0.5);
  CHECK((first == std::vector<float>{0.125F, 0.5F, 0.125F, 0.5F, 0.125F, 0.5F, 0.0F, 0.0F, -1.0F,
                                     0.5F, -0.5F, 0.5F, -0.5F}));
  build(builder, 4.0);
  build(builder, 0.25);
  const std::vector<float> last = build(builder, 0.0);
  CHECK((last == std::vector<float>{1.0F, 1.0F, 0.0625F, 0.0F, 0.0F, -0.5F, 0.0F, 0.0F, -1.0F,
                                    0.25F, -0.25F, 0.0F, 0.0F}));
  builder.reset();
  CHECK(build(builder, 0.5) == first);
}

// Two robots in one builder give what two builders give; a bad quaternion changes nothing.
void batch() {
  ObservationBuilder both(layout(), 2), alone(layout());
  std::vector<double> pos = {1, 2, 3, 4, 5, 6}, quat = {1, 0, 0, 0, 0, 1, 0, 0},
                      action = {1, 2, 3, 4};
  Measurements in;
  in.joint_pos = pos.data();
  in.quat_w = quat.data();
  in.last_action = action.data();
  std::vector<float> out(2 * both.width(), 7.0F), row(alone.width());
  const bool second[] = {false, true};
  CHECK(both.build(in, second, out.data()) == 2);
  CHECK(out[0] == 7.0F);
  const std::vector<float> before = out;
  quat[4] = quat[5] = 0.0;
  CHECK(both.build(in, nullptr, out.data()) == 1 && out == before);
  quat[5] = 1.0;
  pos[3] = 0.1;
  CHECK(both.build(in, nullptr, out.data()) == 2);
  const double old_pos[] = {4, 5, 6};
  Measurements one = in;
  one.joint_pos = old_pos;
  one.quat_w += 4;
  one.last_action += 2;
  alone.build(one, nullptr, row.data());
  one.joint_pos = pos.data() + 3;
  alone.build(one, nullptr, row.data());
  CHECK(std::equal(row.begin(), row.end(), out.begin() + static_cast<std::ptrdiff_t>(row.size())));
}

// Actions are clipped, scaled and shifted; one that is not finite leaves the results.
void actions() {
  const ActionMap map{{0.5, 0.0, -1.0}, {0.25, 1.0, 0.5}, 2.0};
  std::vector<double> applied(3, 9.0), target(3, 9.0);
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    const std::vector<float> action = {0.0F, bad, 0.0F};
    CHECK(!map.apply(action.data(), applied.data(), target.data()));
    CHECK(applied[0] == 9.0 && target[2] == 9.0);
  }
  const std::vector<float> action = {1.0F, -7.0F, std::numeric_limits<float>::max()};
  CHECK(map.apply(action.data(), applied.data(), target.data()));
  CHECK((applied == std::vector<double>{1.0, -2.0, 2.0}));
  CHECK((target == std::vector<double>{0.75, -2.0, 0.0}));
}

template <class Change>
bool refused(Change change, std::size_t robots = 1) {
  ObservationLayout bad = layout();
  change(bad);
  try {
    ObservationBuilder builder(bad, robots);
    return false;
  } catch (const std::invalid_argument&) {
    return true;
  }
}

}  // namespace

int main() {
  one_robot();
  batch();
  actions();
  CHECK(refused([](ObservationLayout&) {}, 0));
  CHECK(refused([](ObservationLayout& l) { l.measured[0] = 3; }));
  CHECK(refused([](ObservationLayout& l) { l.measured.pop_back(); }));
  CHECK(refused([](ObservationLayout& l) { l.terms[0].history = 0; }));
  return 0;
}
