from __future__ import annotations

import dataclasses
import json
import pickle

import numpy as np
import pytest

from amp_sdk import rotations
from amp_sdk.errors import InputError
from amp_sdk.motion import load_clip
from amp_sdk.motion.formats import interchange, orders

LEG_ORDERS = [("FL", "FR", "RL", "RR"), ("FR", "FL", "RR", "RL")]


def assert_same(loaded, clip, tolerance=1e-12):
    assert loaded.robot == clip.robot and loaded.joint_names == clip.joint_names
    assert np.isclose(loaded.fps, clip.fps) and loaded.loop == clip.loop
    assert np.allclose(loaded.joint_pos, clip.joint_pos, atol=tolerance)
    assert np.allclose(loaded.root_pos_w, clip.root_pos_w, atol=tolerance)
    assert np.all(rotations.angle_between(loaded.root_quat_w, clip.root_quat_w) < 1e-6)


@pytest.fixture
def g1_csv(tmp_path, g1):
    """A Unitree CSV of 20 frames whose joints are numbered by their place in the file."""
    frames = np.zeros((20, 36))
    frames[:, :3] = np.linspace(0, 1, 20)[:, None] + [0, 0, 0.75]
    frames[:, 3:7] = rotations.to_xyzw(rotations.from_heading(np.linspace(0, 1, 20)))
    frames[:, 7:] = np.arange(29) / 100
    path = tmp_path / "g1.csv"
    np.savetxt(path, frames, delimiter=",")
    return path


@pytest.mark.parametrize("loop", ["wrap", "clamp"])
def test_mimickit(tmp_path, make_clip, go2, write_mimickit, loop):
    clip = make_clip(loop=loop)
    path = write_mimickit(tmp_path / "a.pkl", clip)
    assert_same(load_clip(path, go2), clip)
    frames = pickle.loads(path.read_bytes())["frames"]
    array = write_mimickit(tmp_path / "b.pkl", clip, frames=np.array(frames))
    assert_same(load_clip(array, go2), clip)
    numbers = write_mimickit(tmp_path / "c.pkl", clip, fps=np.float64(40), loop_mode=np.int64(1))
    assert load_clip(numbers, go2).loop == "wrap"


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_mimickit_in_every_protocol(tmp_path, make_clip, go2, write_mimickit, protocol):
    path = write_mimickit(tmp_path / "a.pkl", make_clip())
    path.write_bytes(pickle.dumps(pickle.loads(path.read_bytes()), protocol))
    assert_same(load_clip(path, go2), make_clip())


@pytest.mark.parametrize("legs", LEG_ORDERS)
def test_amp_for_hardware_in_either_order_of_legs(
    tmp_path, make_clip, go2, write_amp_for_hardware, legs
):
    clip = make_clip(weight=1.5, wrap_heading=True)
    loaded = load_clip(write_amp_for_hardware(tmp_path / "a.txt", clip, legs, 0.01), go2)
    assert_same(loaded, clip)
    assert loaded.weight == 1.5 and loaded.wrap_heading


def test_amp_for_hardware_whose_feet_are_elsewhere(
    tmp_path, make_clip, go2, write_amp_for_hardware
):
    path = write_amp_for_hardware(tmp_path / "a.txt", make_clip(), LEG_ORDERS[0], 0.1)
    with pytest.raises(InputError, match=r"order of the legs is not known.*FL, FR, RL, RR: 0\.1"):
        load_clip(path, go2)
    other = write_amp_for_hardware(tmp_path / "b.txt", make_clip(), ("RL", "RR", "FL", "FR"))
    with pytest.raises(InputError, match="order of the legs is not known"):
        load_clip(other, go2)


def test_unitree_csv(g1_csv, g1):
    clip = load_clip(g1_csv, g1, fps=50)
    assert clip.joint_names == g1.joint_names and clip.loop == "clamp" and clip.fps == 50
    for number, name in enumerate(orders.G1_29DOF):
        assert np.allclose(clip.joint_pos[:, g1.joint_names.index(name)], number / 100)
    assert np.allclose(rotations.heading(clip.root_quat_w), np.linspace(0, 1, 20))


def test_a_csv_needs_a_frame_rate(g1_csv, g1):
    with pytest.raises(InputError, match="does not store its frame rate; give it"):
        load_clip(g1_csv, g1)


def test_joints_are_found_by_name_in_a_robot_of_another_order(
    tmp_path, make_clip, go2, write_mimickit
):
    """A robot that lists its joints the other way round gets the same angles at the same names."""
    backwards = {
        field.name: getattr(go2, field.name)[::-1]
        for field in dataclasses.fields(go2)
        if np.shape(getattr(go2, field.name)) == (12,)
    }
    robot = dataclasses.replace(go2, **backwards)
    clip = make_clip()
    path = write_mimickit(tmp_path / "a.pkl", clip)
    loaded = load_clip(path, robot)
    assert loaded.joint_names == go2.joint_names[::-1]
    assert np.allclose(loaded.joint_pos, clip.joint_pos[:, ::-1])
    interchange.save(clip, tmp_path / "a.npz")
    assert np.array_equal(load_clip(tmp_path / "a.npz", robot).joint_pos, loaded.joint_pos)


def test_the_interchange_format_keeps_everything_exactly(tmp_path, make_clip, go2):
    clip = make_clip(
        fps=59.63, loop="clamp", weight=2.5, wrap_heading=True, name="nämé", source="some where"
    )
    path = tmp_path / "new" / "a.npz"
    interchange.save(clip, path)
    loaded = load_clip(path, go2)
    for field in dataclasses.fields(clip):
        ours, theirs = getattr(loaded, field.name), getattr(clip, field.name)
        if field.name == "source":
            assert ours == str(path)
        elif field.name == "root_quat_w":
            assert np.allclose(ours, theirs, atol=1e-15)
        else:
            assert np.array_equal(ours, theirs)
    with np.load(path, allow_pickle=False) as archive:
        assert str(archive["source"]) == "some where"
    interchange.save(loaded, tmp_path / "again.npz")
    assert_same(load_clip(tmp_path / "again.npz", go2), clip)


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path, make_clip):
    with pytest.raises(InputError, match="ends in .npz"):
        interchange.save(make_clip(), tmp_path / "a.pkl")
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(InputError, match="cannot write"):
        interchange.save(make_clip(), tmp_path / "folder.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["folder.npz"]


def test_the_format_is_recognised_by_content_not_by_name(
    tmp_path, make_clip, go2, g1, write_mimickit, write_amp_for_hardware, g1_csv
):
    clip = make_clip()
    write_mimickit(tmp_path / "a.csv", clip)
    write_amp_for_hardware(tmp_path / "b.pkl", clip, LEG_ORDERS[1])
    interchange.save(clip, tmp_path / "c.npz")
    (tmp_path / "c.npz").rename(tmp_path / "c.txt")
    for name in ("a.csv", "b.pkl", "c.txt"):
        assert_same(load_clip(tmp_path / name, go2), clip)
    assert load_clip(g1_csv.rename(tmp_path / "d"), g1, fps=30).num_frames == 20


def test_fps_and_loop_override_the_file(tmp_path, make_clip, go2, write_mimickit):
    path = write_mimickit(tmp_path / "a.pkl", make_clip())
    clip = load_clip(path, go2, fps=25, loop="clamp")
    assert clip.fps == 25 and clip.loop == "clamp"
    with pytest.raises(InputError, match="fps above zero, found -3"):
        load_clip(path, go2, fps=-3)


def test_a_clip_of_another_robot_says_which_fits(
    tmp_path, make_clip, go2, g1, write_mimickit, write_amp_for_hardware, g1_csv
):
    path = write_mimickit(tmp_path / "a.pkl", make_clip())
    with pytest.raises(
        InputError, match=r"expected 35 numbers .* g1_29dof .* found 18; .*fit: g1_12dof, go2"
    ):
        load_clip(path, g1)
    humanoid = write_mimickit(tmp_path / "b.pkl", make_clip(), frames=[[0.0] * 41] * 3)
    with pytest.raises(InputError, match="found 41; none of our robots has that many joints"):
        load_clip(humanoid, go2)
    quadruped = write_amp_for_hardware(tmp_path / "c.txt", make_clip(), LEG_ORDERS[0])
    with pytest.raises(InputError, match="clip of g1_29dof.*it would fit: g1_12dof, go2"):
        load_clip(quadruped, g1)
    with pytest.raises(InputError, match="go2 with its 12 does not.*it would fit: g1_29dof"):
        load_clip(g1_csv, go2, fps=30)
    interchange.save(make_clip(), tmp_path / "d.npz")
    with pytest.raises(InputError, match="expected a clip of g1_29dof, found one of go2"):
        load_clip(tmp_path / "d.npz", g1)


@pytest.mark.parametrize("kind", ["pkl", "txt", "npz"])
def test_a_number_that_is_none_is_named_by_joint_and_frame(
    tmp_path, make_clip, go2, write_mimickit, write_amp_for_hardware, kind
):
    clip = make_clip()
    path = tmp_path / f"a.{kind}"
    if kind == "pkl":
        frames = pickle.loads(write_mimickit(path, clip).read_bytes())["frames"]
        frames[5][6 + 8] = float("nan")
        write_mimickit(path, clip, frames=frames)
    elif kind == "txt":
        content = json.loads(write_amp_for_hardware(path, clip, LEG_ORDERS[1]).read_text())
        content["Frames"][5][7 + 11] = float("nan")
        path.write_text(json.dumps(content))
    else:
        interchange.save(clip, path)
        with np.load(path) as archive:
            arrays = dict(archive)
        arrays["joint_pos"][5, 8] = np.nan
        np.savez(path, **arrays)
    with pytest.raises(InputError, match=rf"a\.{kind}: joint RL_calf_joint is nan at frame 5"):
        load_clip(path, go2)


@pytest.mark.parametrize("kind", ["pkl", "txt", "npz"])
def test_a_truncated_file_is_refused(
    tmp_path, make_clip, go2, write_mimickit, write_amp_for_hardware, kind
):
    path = tmp_path / f"a.{kind}"
    if kind == "pkl":
        write_mimickit(path, make_clip())
    elif kind == "txt":
        write_amp_for_hardware(path, make_clip(), LEG_ORDERS[0])
    else:
        interchange.save(make_clip(), path)
    data = path.read_bytes()
    for share in (0.01, 0.3, 0.9, 0.999):
        path.write_bytes(data[: int(share * len(data))])
        with pytest.raises(InputError, match="truncated or damaged"):
            load_clip(path, go2)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"loop_mode": 2}, "loop_mode 0 .clamp. or 1 .wrap., found 2"),
        ({"fps": "fast"}, "a number as fps, found 'fast'"),
        ({"fps": 0}, "fps above zero"),
        ({"frames": []}, "expected a list of frames"),
        ({"frames": [[0.0] * 18]}, "at least 2 frames, found 1"),
        ({"frames": [[0.0] * 18, [0.0] * 17]}, "frame 1 has 17 numbers, the frames before have 18"),
        ({"frames": [[0.0] * 18, ["0.0"] * 18]}, "frame 1: expected numbers, found str '0.0'"),
        ({"frames": [[0.0] * 18, 3.0]}, "frame 1: expected a list of numbers, found float"),
        ({"frames": [[10**400] * 18] * 2}, "too large"),
        ({"frames": np.zeros((2, 18), bool)}, "expected frames x numbers, found bool"),
        ({"frames": [[0.0] * 100_000] * 100_000}, "more than 50000000 numbers"),
    ],
)
def test_a_mimickit_file_that_makes_no_sense_is_refused(
    tmp_path, make_clip, go2, write_mimickit, fields, message
):
    with pytest.raises(InputError, match=message):
        load_clip(write_mimickit(tmp_path / "a.pkl", make_clip(), **fields), go2)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"LoopMode": "Bounce"}, "LoopMode Wrap or Clamp, found 'Bounce'"),
        ({"FrameDuration": 0}, "FrameDuration above zero, found 0"),
        ({"FrameDuration": "x"}, "FrameDuration above zero, found 'x'"),
        ({"MotionWeight": -1}, "MotionWeight above zero"),
        ({"Frames": [[0.0] * 19] * 3}, "expected 61 numbers per frame .* found 19"),
    ],
)
def test_an_amp_for_hardware_file_that_makes_no_sense_is_refused(
    tmp_path, make_clip, go2, write_amp_for_hardware, fields, message
):
    path = write_amp_for_hardware(tmp_path / "a.txt", make_clip(), LEG_ORDERS[0], **fields)
    with pytest.raises(InputError, match=message):
        load_clip(path, go2)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (
            b"hello\n",
            "formats that are read: AMASS .npz, amp-sdk .npz, MimicKit .pkl, poselib .npy",
        ),
        (b"\x00\x01\x02", "formats that are read"),
        (b"column,other\n1,2\n", "formats that are read"),
        (
            b'{"Loop": "wrap", "Frames": []}',
            "expected a list of frames, found list",
        ),
        (b"[" * 100000, "formats that are read"),
        (b'{"a":' + b"[" * 100000, "truncated or damaged"),
        (pickle.dumps([1, 2]), "a dict with fps, frames, loop_mode; found list"),
        (pickle.dumps({"fps": 30, "root_pos": 1}), "expected a MimicKit clip.*root_pos"),
        (b"PK\x03\x04 not a zip", "truncated or damaged"),
    ],
)
def test_a_file_of_no_known_format_is_refused(tmp_path, go2, content, message):
    path = tmp_path / "a.clip"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        load_clip(path, go2)


def test_a_csv_that_makes_no_sense_is_refused(tmp_path, g1):
    path = tmp_path / "a.csv"
    path.write_text("1,2,3\n4,x,6\n")
    with pytest.raises(InputError, match="line 2: expected numbers separated by commas"):
        load_clip(path, g1, fps=30)
    path.write_text("1,2,3\n4,5\n")
    with pytest.raises(InputError, match="frame 1 has 2 numbers, the frames before have 3"):
        load_clip(path, g1, fps=30)
    path.write_text("1,2,3\n4,5,6\n")
    with pytest.raises(InputError, match="expected 36 numbers per frame"):
        load_clip(path, g1, fps=30)
    row = "0,0,0.7,2,0,0,2" + ",0" * 29
    path.write_text(f"{row}\n{row}\n")
    with pytest.raises(InputError, match="unit length, found 2.828 at frame 0.*Unitree CSV"):
        load_clip(path, g1, fps=30)


def test_an_npz_that_is_no_clip_is_refused(tmp_path, make_clip, go2):
    path = tmp_path / "a.npz"
    np.savez(path, fps=50, joint_pos=np.zeros((5, 12)))
    with pytest.raises(InputError, match="it has no format, .*; found fps, joint_pos"):
        load_clip(path, go2)
    interchange.save(make_clip(), path)
    with np.load(path) as archive:
        good = dict(archive)
    for fields, message in (
        ({"version": 7}, "version 1, found amp_sdk.motion version 7"),
        ({"fps": "fast"}, "fps: expected"),
        ({"joint_pos": np.zeros((5, 11))}, r"joint_pos: expected \(5, 12\)|root_pos_w: expected"),
        ({"joint_names": np.array(["x"] * 12)}, "joint names, each once"),
        ({"joint_pos": np.array([None, 1], dtype=object)}, "truncated or damaged .Object arrays"),
        ({"loop": "bounce"}, "valid: wrap, clamp"),
    ):
        np.savez(path, **{**good, **fields})
        with pytest.raises(InputError, match=message):
            load_clip(path, go2)


def test_what_is_not_there_gets_a_hint(tmp_path, go2):
    with pytest.raises(InputError, match="no motion file go2_trott.*did you mean 'go2_trot'"):
        load_clip("go2_trott", go2)
    with pytest.raises(InputError, match="cannot read the motion file .*directory"):
        load_clip(tmp_path, go2)
    with pytest.raises(InputError, match="cannot read the motion file"):
        load_clip("a\0b", go2)
