"""The copy that Isaac Gym's importer reads is the same robot, written plainly."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import mujoco
import numpy as np
import pytest

from amp_sdk import robots
from amp_sdk.errors import InputError
from amp_sdk.robots.spec import names
from amp_training.backends.isaacgym_asset import write_asset
from amp_training.backends.isaacgym_links import read_links

INERTIAL = '<inertial pos="0 0 0" mass="1" diaginertia="1 1 1"/>'


def models(name: str, folder: Path) -> tuple[mujoco.MjModel, mujoco.MjModel]:
    robot = robots.load(name)
    copy = folder / "copy.xml"
    write_asset(robot, read_links(robot.mjcf_path), copy)
    return mujoco.MjModel.from_xml_path(str(robot.mjcf_path)), mujoco.MjModel.from_xml_path(
        str(copy)
    )


def posed(model: mujoco.MjModel, qpos: np.ndarray) -> mujoco.MjData:
    data = mujoco.MjData(model)
    data.qpos[:] = qpos
    mujoco.mj_forward(model, data)
    return data


def shapes(model: mujoco.MjModel, data: mujoco.MjData) -> np.ndarray:
    """Kind, size and place of everything that can touch the floor, in any order."""
    solid = (model.geom_contype | model.geom_conaffinity) != 0
    z_axis = data.geom_xmat.reshape(-1, 3, 3)[:, :, 2]
    z_axis = z_axis * np.sign(z_axis @ [0.3, 0.5, 0.8])[:, None]  # both ends are alike
    used = model.geom_size.copy()
    used[model.geom_type == mujoco.mjtGeom.mjGEOM_SPHERE, 1:] = 0.0
    rows = np.column_stack((model.geom_type, used, data.geom_xpos, z_axis))[solid]
    rows = rows[np.lexsort(np.round(rows, 4).T)]
    spheres = rows[:, 0] == mujoco.mjtGeom.mjGEOM_SPHERE
    rows[spheres, -3:] = 0.0
    return rows


@pytest.mark.parametrize("name", names())
def test_mass_matrix_and_shapes_are_those_of_the_robot(name: str, tmp_path: Path) -> None:
    original, copy = models(name, tmp_path)
    assert [copy.joint(j).name for j in range(1, copy.njnt)] == [
        original.joint(j).name for j in range(1, original.njnt)
    ]
    np.testing.assert_allclose(copy.jnt_range, original.jnt_range, atol=1e-9)
    copy.dof_armature[:] = original.dof_armature  # goes through Isaac Gym's API
    rng = np.random.default_rng(0)
    qpos = np.concatenate(([0.1, -0.2, 0.7, 0.5, 0.5, -0.5, 0.5], rng.normal(size=copy.nq - 7)))
    a, b = posed(original, qpos), posed(copy, qpos)
    matrices = []
    for model, data in ((original, a), (copy, b)):
        matrix = np.zeros((model.nv, model.nv))
        mujoco.mj_fullM(model, data, matrix)
        matrices.append(matrix)
    np.testing.assert_allclose(matrices[1], matrices[0], atol=1e-7 * np.abs(matrices[0]).max())
    np.testing.assert_allclose(b.qfrc_bias, a.qfrc_bias, atol=1e-6 * np.abs(a.qfrc_bias).max())
    np.testing.assert_allclose(shapes(copy, b), shapes(original, a), atol=1e-6)


def test_every_link_of_the_copy_has_a_joint_and_a_mass(tmp_path: Path) -> None:
    robot = robots.load("go2")
    write_asset(robot, read_links(robot.mjcf_path), tmp_path / "copy.xml")
    root = ElementTree.parse(tmp_path / "copy.xml").getroot()
    for body in root.iter("body"):
        assert body.find("joint") is not None or body.find("freejoint") is not None
        inertial = body.find("inertial")
        assert inertial is not None and float(inertial.get("mass", "0")) > 0
    assert root.find(".//default") is None and not root.findall(".//*[@class]")


def robot_file(folder: Path, inside: str) -> Path:
    path = folder / "robot.xml"
    path.write_text(f'<mujoco><worldbody><body name="b">{inside}</body></worldbody></mujoco>')
    return path


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        ("<freejoint/>", "no mass"),
        (f'{INERTIAL}<geom type="ellipsoid" size="1 1 1"/>', "ellipsoid"),
        (f'{INERTIAL}<geom class="nothing" size="1"/>', "nothing"),
        ('<inertial mass="1" fullinertia="1 1 1 0 0 0"/>', "diaginertia"),
    ],
)
def test_what_isaac_gym_cannot_have_is_refused(inside: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        read_links(robot_file(tmp_path, inside))


def test_default_classes_are_resolved_as_mjcf_says(tmp_path: Path) -> None:
    path = tmp_path / "robot.xml"
    path.write_text(
        """<mujoco><default><geom size="0.1" friction="0.5"/>
        <default class="a"><geom type="box" size="1 2 3"/>
        <default class="b"><geom friction="0.7"/></default></default></default>
        <worldbody><body name="base" childclass="a">"""
        + INERTIAL
        + """<geom/><geom class="b"/><geom class="b" size="4 5 6"/><geom class="main"/>
        </body></worldbody></mujoco>"""
    )
    shapes = read_links(path)[0].shapes
    found = [(shape.kind, shape.size_m, shape.friction) for shape in shapes]
    assert found == [
        ("box", (1.0, 2.0, 3.0), 0.5),
        ("box", (1.0, 2.0, 3.0), 0.7),
        ("box", (4.0, 5.0, 6.0), 0.7),
        ("sphere", (0.1,), 0.5),
    ]
