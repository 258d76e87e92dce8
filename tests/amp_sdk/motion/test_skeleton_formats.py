"""poselib, DeepMimic and AMASS: made-up files, damaged files, real ones where there are some."""

from __future__ import annotations

import json
import pickle
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from amp_sdk import robots, rotations
from amp_sdk.errors import InputError
from amp_sdk.motion import MotionClip, generate, load_clip
from amp_sdk.motion.formats import skeleton
from amp_sdk.robots.kinematics import KinematicTree

HUMANOID = robots.load("humanoid")
TREE = KinematicTree.from_mjcf(HUMANOID.mjcf_path)


@pytest.fixture(scope="module")
def clip() -> MotionClip:
    return generate("sway", HUMANOID)


def places(clip: MotionClip) -> np.ndarray:
    return TREE.forward(clip.root_pos_w, clip.root_quat_w, clip.joint_pos)[0]


def write_poselib(path: Path, clip: MotionClip, local: bool = True, **fields) -> Path:
    """The clip as poselib stores it, with hanging arms at rest, links in another order."""
    pos, quat = TREE.forward(clip.root_pos_w, clip.root_quat_w, clip.joint_pos)
    rest = skeleton.rest_offsets(TREE)
    turns = np.tile([1.0, 0.0, 0.0, 0.0], (len(rest), 1))
    for side, sign in (("right", 1), ("left", -1)):
        arm = TREE.body_index([f"{side}_upper_arm", f"{side}_lower_arm", f"{side}_hand"])
        turns[arm] = rotations.from_axis_angle(np.array([1.0, 0.0, 0.0]), np.pi / 2 * sign)
        rest[arm[1:]] = np.linalg.norm(rest[arm[1:]], axis=1)[:, None] * [0.0, 0.0, -1.0]
    source = rotations.multiply(quat, rotations.conjugate(turns))
    if local:
        parent = np.maximum(TREE.parent, 0)
        turned = rotations.multiply(rotations.conjugate(source[:, parent]), source)
        source = np.concatenate([source[:, :1], turned[:, 1:]], axis=1)
    order = np.arange(len(rest))[::-1]

    def tensor(values: np.ndarray) -> dict:
        return {"arr": values.astype(np.float32), "context": {"dtype": "float32"}}

    names = [TREE.body_names[i] for i in order]
    tree = OrderedDict(node_names=names, local_translation=tensor(rest[order]))
    content = OrderedDict(
        rotation=tensor(rotations.to_xyzw(source)[:, order]),
        root_translation=tensor(pos[:, 0]),
        skeleton_tree=tree,
        is_local=local,
        fps=np.array(100, dtype=np.int32),
    )
    content.update(fields)
    with path.open("wb") as file:
        np.save(file, np.array(content, dtype=object), allow_pickle=True)
    return path


@pytest.mark.parametrize("local", [True, False])
def test_poselib_gives_the_motion_back(tmp_path, clip, local: bool) -> None:
    found = load_clip(write_poselib(tmp_path / "a.npy", clip, local), HUMANOID)
    assert (found.fps, found.loop) == (100.0, "clamp")
    np.testing.assert_allclose(places(found), places(clip), atol=1e-5)
    np.testing.assert_allclose(found.joint_pos, clip.joint_pos, atol=1e-4)


class _Evil:
    def __reduce__(self):
        return (print, ("run",))


def test_poselib_runs_nothing_and_says_what_is_wrong(tmp_path, clip, capsys) -> None:
    with pytest.raises(InputError, match="names builtins.print, which was not run"):
        load_clip(write_poselib(tmp_path / "a.npy", clip, extra=_Evil()), HUMANOID)
    assert "run" not in capsys.readouterr().out
    with pytest.raises(InputError, match="expected the links of smpl"):
        load_clip(write_poselib(tmp_path / "b.npy", clip), robots.load("smpl"))
    np.save(tmp_path / "c.npy", np.zeros((3, 4)))
    with pytest.raises(InputError, match="expected a poselib .npy with rotation"):
        load_clip(tmp_path / "c.npy", HUMANOID)
    with pytest.raises(InputError, match="rotation: expected numbers of shape"):
        load_clip(write_poselib(tmp_path / "d.npy", clip, rotation={"arr": [1]}), HUMANOID)
    whole = (tmp_path / "b.npy").read_bytes()
    (tmp_path / "e.npy").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="truncated or damaged"):
        load_clip(tmp_path / "e.npy", HUMANOID)


def test_poselib_of_other_proportions_is_refused(tmp_path, clip) -> None:
    path = write_poselib(tmp_path / "a.npy", clip)
    stretched = pickle.loads(pickle.dumps(np.load(path, allow_pickle=True).item()))
    stretched["skeleton_tree"]["local_translation"]["arr"] *= 1.2
    with path.open("wb") as file:
        np.save(file, np.array(stretched, dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="longer or shorter; retarget the clip first"):
        load_clip(path, HUMANOID)


def deepmimic(loop: str = "wrap", width: int = 44, duration: float = 1 / 60) -> dict:
    frame = [duration, 0.0, 0.9, 0.0, 1.0, 0.0, 0.0, 0.0]
    still = [1.0, 0.0, 0.0, 0.0]
    frame += still * 3 + [-0.5] + still * 2 + [0.4] + still + [-0.5] + still * 2 + [0.4]
    return {"Loop": loop, "Frames": [(frame + [0.0] * 9)[:width]] * 3}


def test_deepmimic_stands_upright_with_hanging_arms(tmp_path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(json.dumps(deepmimic()))
    found = load_clip(path, HUMANOID)
    assert np.isclose(found.fps, 60) and found.loop == "wrap"
    np.testing.assert_allclose(found.root_pos_w[0], [0.0, 0.0, 0.9], atol=1e-12)
    angles = dict(zip(found.joint_names, found.joint_pos[0], strict=True))
    assert np.isclose(angles["right_knee"], 0.5) and np.isclose(angles["left_knee"], 0.5)
    assert np.isclose(angles["right_elbow"], 0.4) and np.isclose(angles["left_elbow"], -0.4)
    shoulder, elbow, hand = places(found)[0][
        TREE.body_index(["left_upper_arm", "left_lower_arm", "left_hand"])
    ]
    np.testing.assert_allclose(elbow - shoulder, [0.0, 0.0, -0.274788], atol=1e-6)
    assert hand[0] > elbow[0] + 0.05  # a bent elbow brings the hand forward


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (deepmimic(loop="often"), "Loop wrap or none"),
        (deepmimic(width=40), "read are those of the humanoid with 44"),
        (deepmimic(duration=0.0), "frames of one duration"),
    ],
)
def test_deepmimic_says_what_is_wrong(tmp_path, content: dict, message: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=message):
        load_clip(path, HUMANOID)


def test_amass_stands_upright(tmp_path) -> None:
    """SMPL at rest, pelvis turned from y up to z up, is a figure with spread arms that faces x."""
    smpl = robots.load("smpl")
    upright = rotations.to_exp_map(
        rotations.from_matrix(np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]))
    )
    poses = np.zeros((4, 72))
    poses[:, :3] = upright
    poses[:, 12:15] = [0.6, 0.0, 0.0]  # the left knee bends about SMPL's x, the robot's y
    np.savez(tmp_path / "a.npz", poses=poses, trans=np.ones((4, 3)), mocap_framerate=50)
    found = load_clip(tmp_path / "a.npz", smpl)
    np.testing.assert_allclose(np.abs(found.root_quat_w[0]), [1.0, 0.0, 0.0, 0.0], atol=1e-6)
    knee = smpl.joint_index(["L_Knee_y"])[0]
    assert np.isclose(found.joint_pos[0, knee], 0.6)
    assert np.abs(np.delete(found.joint_pos[0], knee)).max() < 1e-9
    assert found.fps == 50 and np.allclose(found.root_pos_w[:, :2], 1.0)
    np.savez(tmp_path / "b.npz", poses=poses[:, :9], trans=np.ones((4, 3)), fps=50)
    with pytest.raises(InputError, match="expected poses"):
        load_clip(tmp_path / "b.npz", smpl)
    with pytest.raises(InputError, match="use the robot smpl"):
        load_clip(tmp_path / "a.npz", HUMANOID)


@pytest.mark.parametrize("name", ["run", "spinkick"])
def test_deepmimic_and_mimickit_are_one_motion(real_clip, name: str) -> None:
    """The same recordings in two formats, read on two ways."""
    one = load_clip(real_clip(f"deepmimic_txt/humanoid3d_{name}.txt"), HUMANOID)
    two = load_clip(real_clip(f"mimickit/humanoid/humanoid_{name}.pkl"), HUMANOID)
    assert one.num_frames == two.num_frames and np.isclose(one.fps, two.fps, rtol=1e-4)
    np.testing.assert_allclose(places(one), places(two), atol=5e-3)


@pytest.mark.parametrize("name", ["walk", "run"])
def test_real_poselib(real_clip, name: str) -> None:
    path = real_clip(f"poselib/amp_humanoid_{name}.npy")
    found = load_clip(path, HUMANOID)
    assert np.all(found.joint_pos > HUMANOID.joint_lower_rad - 0.02)
    assert np.all(found.joint_pos < HUMANOID.joint_upper_rad + 0.02)
    content = np.load(path, allow_pickle=True).item()  # a file of ours, read as its authors do
    names = content["skeleton_tree"]["node_names"]
    offsets = content["skeleton_tree"]["local_translation"]["arr"]
    parents = content["skeleton_tree"]["parent_indices"]["arr"]
    turn = rotations.from_xyzw(content["rotation"]["arr"])
    pos, quat = [content["root_translation"]["arr"]], [turn[:, 0]]
    for body in range(1, len(names)):
        pos.append(pos[parents[body]] + rotations.rotate(quat[parents[body]], offsets[body]))
        quat.append(rotations.multiply(quat[parents[body]], turn[:, body]))
    expected = np.stack(pos, axis=1)[:, [names.index(name) for name in TREE.body_names]]
    np.testing.assert_allclose(places(found), expected, atol=0.02)


def test_real_amass(real_clip) -> None:
    smpl = robots.load("smpl")
    found = load_clip(real_clip("amass_like_npz/mgg_walk.npz"), smpl)
    tree = KinematicTree.from_mjcf(smpl.mjcf_path)
    pos = tree.forward(found.root_pos_w, found.root_quat_w, found.joint_pos)[0]
    head = pos[:, tree.body_index(["Head"])[0], 2] - found.root_pos_w[:, 2]
    assert 0.4 < head.min() and head.max() < 0.7
    assert 0.9 < float(np.linalg.norm(found.mean_velocity_xy)) < 1.4
    assert np.all(found.joint_pos > smpl.joint_lower_rad - 0.02)
    assert np.all(found.joint_pos < smpl.joint_upper_rad + 0.02)
