"""A reference motion without a body: its curves by hand, and files that hold no gait."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from motions import FIGURES

from myoassist.errors import ReferenceError
from myoassist.reference.motion import SHIPPED, Harmonics, fit_harmonics, load_gait
from myoassist.reference.retarget import Reference


def simple(**changes) -> Reference:
    """One joint: 0.1 + 0.3 cos(2 pi p) + 0.2 sin(4 pi p) rad over a cycle of 2 s."""
    entries = {
        "joints": ("hip",),
        "qpos": np.array([0]),
        "dof": np.array([0]),
        "mean": np.array([0.1]),
        "cos": np.array([[0.3], [0.0]]),
        "sin": np.array([[0.0], [0.2]]),
        "low": np.array([-np.inf]),
        "high": np.array([np.inf]),
        "forward": Harmonics(1.25, np.array([0.1]), np.array([0.05])),
        "cycle_seconds": 2.0,
        "speed": 1.25,
    }
    return Reference(**{**entries, **changes})


class TestSampling:
    def test_positions(self) -> None:
        # phase 0: 0.1 + 0.3; 1/8: 0.1 + 0.3 * 0.7071068 + 0.2; 1/2: 0.1 - 0.3
        position, _ = simple().sample(np.array([0.0, 0.125, 0.5]))
        assert position[:, 0] == pytest.approx([0.4, 0.5121320, -0.2], rel=1e-6)

    def test_velocities(self) -> None:
        # a turn takes 2 s: pi rad/s. phase 0: 0.2 * 2 pi; 1/4: -0.3 pi - 0.2 * 2 pi
        _, velocity = simple().sample(np.array([0.0, 0.25]))
        assert velocity[:, 0] == pytest.approx([1.2566371, -2.1991149], rel=1e-6)

    def test_limits_cut_the_curve_and_stop_it(self) -> None:
        position, velocity = simple(high=np.array([0.45])).sample(np.array([0.0, 0.125]))
        assert position[:, 0] == pytest.approx([0.4, 0.45])
        assert velocity[0, 0] != 0 and velocity[1, 0] == 0

    def test_forward_velocity(self) -> None:
        assert simple().forward_velocity(np.array([0.0, 0.25])) == pytest.approx([1.35, 1.30])

    def test_half_a_cycle_later(self) -> None:
        curve = Harmonics(0.5, np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0])).shifted_half()
        assert (curve.mean, curve.cos.tolist(), curve.sin.tolist()) == (0.5, [-1.0, 2.0, -3.0], [-4.0, 5.0, -6.0])

    def test_scaled(self) -> None:
        curve = Harmonics(0.5, np.array([1.0]), np.array([4.0])).scaled(-2.0, offset=0.1)
        assert (curve.mean, curve.cos.tolist(), curve.sin.tolist()) == (-0.9, [-2.0], [-8.0])

    def test_fit(self) -> None:
        phase = np.arange(32) / 32
        values = 0.7 + 0.5 * np.cos(2 * np.pi * phase) - 0.25 * np.sin(6 * np.pi * phase)
        fitted = fit_harmonics(values, 4)
        assert fitted.mean == pytest.approx(0.7)
        assert fitted.cos == pytest.approx([0.5, 0, 0, 0], abs=1e-12)
        assert fitted.sin == pytest.approx([0, 0, -0.25, 0], abs=1e-12)


class TestBadFiles:
    def message(self, path: Path) -> str:
        with pytest.raises(ReferenceError) as caught:
            load_gait(path)
        assert str(caught.value).startswith("reference.path: ")
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    def written(self, tmp_path: Path, content: str | bytes) -> Path:
        path = tmp_path / "걸음 my gait.yaml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def changed(self, tmp_path: Path, **changes) -> Path:
        """The shipped file with the right hip's or the file's own entries replaced; None removes one."""
        content = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
        for key, value in changes.items():
            target = content["coordinates"]["hip_flexion"] if key in ("mean", "cos", "sin") else content
            target[key] = value
            if value is None:
                del target[key]
        return self.written(tmp_path, yaml.safe_dump(content))

    def test_a_copy_of_the_shipped_file_is_fine(self, tmp_path: Path) -> None:
        assert load_gait(self.changed(tmp_path)).cycle_seconds == 1.14

    def test_missing(self, tmp_path: Path) -> None:
        assert "No such file" in self.message(tmp_path / "nowhere.yaml")

    def test_a_folder(self, tmp_path: Path) -> None:
        assert "cannot read" in self.message(tmp_path)

    def test_not_text(self, tmp_path: Path) -> None:
        assert "cannot read" in self.message(self.written(tmp_path, b"\xff\xfe\x00\x81\x92"))

    @pytest.mark.parametrize("content", ["a: [1, 2\nb: }", "\x00", "a: b: c", "*nothing"])
    def test_not_yaml(self, tmp_path: Path, content: str) -> None:
        assert "is not YAML" in self.message(self.written(tmp_path, content))

    @pytest.mark.parametrize(
        "content", ["", "hello", "- 1\n- 2", "cycle_s: 1.0", "coordinates: [1, 2]", "coordinates:"]
    )
    def test_not_a_gait(self, tmp_path: Path, content: str) -> None:
        assert "has no table 'coordinates'" in self.message(self.written(tmp_path, content))

    def test_coordinates_that_lack(self, tmp_path: Path) -> None:
        table = "{mean: 0.0, cos: [0.1], sin: [0.1]}"
        path = self.written(tmp_path, f"cycle_s: 1.0\nspeed_m_s: 1.0\ncoordinates: {{pelvis_tilt: {table}}}")
        assert "lacks the coordinates pelvis_tx_velocity, hip_flexion" in self.message(path)

    @pytest.mark.parametrize(
        "changes",
        [
            {"cos": [0.1, float("nan")], "sin": [0.1, 0.2]},
            {"sin": [float("inf")] * 8},
            {"mean": float("nan")},
            {"cos": [0.1, 0.2]},
            {"cos": [[0.1], [0.2]], "sin": [[0.1], [0.2]]},
            {"sin": None},
            {"mean": None},
            {"mean": "upright"},
            {"cos": ["a"] * 8},
            {"cos": 0.3, "sin": 0.3},
        ],
    )
    def test_a_curve_that_is_none(self, tmp_path: Path, changes: dict) -> None:
        message = self.message(self.changed(tmp_path, **changes))
        assert "coordinate 'hip_flexion' needs a number 'mean' and equally long lists 'cos' and 'sin'" in message

    def test_a_coordinate_that_is_no_table(self, tmp_path: Path) -> None:
        path = self.changed(tmp_path, coordinates={**FIGURES, "knee_angle": 3})
        assert "coordinate 'knee_angle' needs" in self.message(path)

    @pytest.mark.parametrize("mean", [0.0, -1.2])
    def test_a_walker_that_does_not_go_forward(self, tmp_path: Path, mean: float) -> None:
        coordinates = {**FIGURES, "pelvis_tx_velocity": {"mean": mean, "cos": [], "sin": []}}
        message = self.message(self.changed(tmp_path, coordinates=coordinates))
        assert "pelvis_tx_velocity: the mean must be above 0" in message

    @pytest.mark.parametrize("key", ["cycle_s", "speed_m_s"])
    @pytest.mark.parametrize("value", [None, 0.0, -1.0, "fast", float("nan"), float("inf"), True])
    def test_cycle_and_speed(self, tmp_path: Path, key: str, value: object) -> None:
        assert f"{key} must be a number between 0 and 100" in self.message(self.changed(tmp_path, **{key: value}))
