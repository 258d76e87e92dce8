#include <vector>

#include "checks.hpp"
#include "kernels.hpp"

namespace amp::bindings {
namespace {

constexpr const char* kDiscObs = "disc_obs";

struct DiscObsInputs {
  py::handle root_pos, root_quat, root_lin_vel, root_ang_vel, joint_rot, joint_vel, key_pos;
  py::handle heading_invariant, root_height;
};

bool boolean(const char* name, py::handle value) {
  py::detail::make_caster<bool> caster;
  if (!caster.load(value, false)) {
    throw BadArray(std::string(kDiscObs) + ": " + name + " must be True or False, found " +
                   py::repr(value).cast<std::string>());
  }
  return static_cast<bool>(caster);
}

// Checks every input and fills `args` with it.
std::vector<ArrayView> read_disc_obs(const DiscObsInputs& in, Kind kind, DiscObsArgs& args) {
  std::vector<ArrayView> views = {view_of(kDiscObs, "root_pos", in.root_pos),
                                  view_of(kDiscObs, "root_quat", in.root_quat),
                                  view_of(kDiscObs, "root_lin_vel", in.root_lin_vel),
                                  view_of(kDiscObs, "root_ang_vel", in.root_ang_vel),
                                  view_of(kDiscObs, "joint_rot", in.joint_rot),
                                  view_of(kDiscObs, "joint_vel", in.joint_vel),
                                  view_of(kDiscObs, "key_pos", in.key_pos)};
  const ArrayView &rotations = views[4], &velocities = views[5], &keys = views[6];
  check_rank(views[0], 3, "N, H, 3");
  check_rank(rotations, 4, "N, H, J, 4");
  check_rank(velocities, 3, "N, H, D");
  check_rank(keys, 4, "N, H, K, 3");
  check_not_empty(views[0]);
  check_device(views[0], kind);
  for (const ArrayView& view : views) {
    check_memory(view, views[0]);
  }
  args.windows = views[0].shape[0];
  args.steps = views[0].shape[1];
  args.rotations = rotations.shape[2];
  args.velocities = velocities.shape[2];
  args.keys = keys.shape[2];
  const Dim n{"N", args.windows}, h{"H", args.steps};
  for (const std::size_t i : {0, 2, 3}) {
    check_shape(views[i], {n, h, {"3", 3}});
  }
  check_shape(views[1], {n, h, {"4", 4}});
  check_shape(rotations, {n, h, {"J", args.rotations}, {"4", 4}});
  check_shape(velocities, {n, h, {"D", args.velocities}});
  check_shape(keys, {n, h, {"K", args.keys}, {"3", 3}});
  args.root_pos = input(views[0]);
  args.root_quat = input(views[1]);
  args.root_lin_vel = input(views[2]);
  args.root_ang_vel = input(views[3]);
  args.joint_rot = input(rotations);
  args.joint_vel = input(velocities);
  args.key_pos = input(keys);
  args.heading_invariant = boolean("heading_invariant", in.heading_invariant);
  args.root_height = boolean("root_height", in.root_height);
  return views;
}

}  // namespace

void bind_disc_obs(py::module_& module, const Backend& backend) {
  module.def(
      kDiscObs, [backend](py::handle root_pos, py::handle root_quat, py::handle root_lin_vel,
                          py::handle root_ang_vel, py::handle joint_rot, py::handle joint_vel,
                          py::handle key_pos, py::handle heading_invariant, py::handle root_height,
                          py::handle out, const py::object& allocate, std::uintptr_t stream) {
        DiscObsArgs args;
        const std::vector<ArrayView> views =
            read_disc_obs({root_pos, root_quat, root_lin_vel, root_ang_vel, joint_rot, joint_vel,
                           key_pos, heading_invariant, root_height},
                          backend.kind, args);
        const std::size_t width = args.steps * args.features();
        const py::object result = out.is_none() ? allocate(py::make_tuple(args.windows, width))
                                                : py::reinterpret_borrow<py::object>(out);
        const ArrayView view = view_of(kDiscObs, "out", result);
        check_memory(view, views[0]);
        check_shape(view, {{"N", args.windows}, {"H*F", width}});
        args.out = output(view, views);
        {
          const py::gil_scoped_release release;
          backend.disc_obs(args, stream);
        }
        return result;
      });
}

}  // namespace amp::bindings
