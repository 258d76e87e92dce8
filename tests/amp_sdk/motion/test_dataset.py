"""Data sets: weights, files beside the YAML file, generators, and errors that name the key."""

from __future__ import annotations

import pytest

from amp_sdk.errors import InputError
from amp_sdk.motion import generate, is_dataset, load_dataset
from amp_sdk.motion.formats import interchange


def test_clips_with_their_weights(tmp_path, go2) -> None:
    interchange.save(generate("go2_pace", go2), tmp_path / "pace.npz")
    path = tmp_path / "set.yaml"
    path.write_text(
        "motions:\n  - {file: pace.npz, weight: 2.5, loop: clamp}\n"
        "  - file: go2_trot\n    fps: 50\n"
    )
    pace, trot = load_dataset(path, go2)
    assert (pace.name, pace.weight, pace.loop) == ("go2_pace", 2.5, "clamp")
    assert (trot.name, trot.weight, trot.fps) == ("go2_trot", 1.0, 50.0)
    assert is_dataset(path) and not is_dataset("clip.pkl") and not is_dataset("go2_trot")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("motions: []", "expected at least one clip"),
        ("motions: [{file: go2_trot, weight: 0}]", "weight of 'go2_trot': expected above zero"),
        ("motions: [{fil: go2_trot}]", "unknown key 'motions"),
        ("clips: []", "unknown key 'clips'; did you mean|unknown key 'clips'"),
        ("motions: [{file: none.pkl}]", "no motion file"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path, go2, text: str, message: str) -> None:
    path = tmp_path / "set.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        load_dataset(path, go2)
