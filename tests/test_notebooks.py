"""docs/notebooks: each runs from top to bottom in its short form, and is stored without what it printed."""

from __future__ import annotations

from pathlib import Path

import pytest
from running import REPOSITORY

nbformat = pytest.importorskip("nbformat")

FOLDER = REPOSITORY / "docs" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
WANTED = {"imitation", "terrain_and_transfer", "analyse_a_policy", "compare_devices"}


def test_they_are_there() -> None:
    assert {path.stem for path in NOTEBOOKS} == WANTED


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestEach:
    def test_is_valid_and_small_and_holds_no_output(self, path: Path) -> None:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        assert path.stat().st_size < 40_000
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert code and all(not cell.outputs and cell.execution_count is None for cell in code)

    def test_begins_with_a_title_and_ends_with_things_to_try(self, path: Path) -> None:
        cells = nbformat.read(path, as_version=4).cells
        assert cells[0].source.startswith("# ")
        assert "## Try" in cells[-1].source

    @pytest.mark.slow
    def test_runs(self, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        client = pytest.importorskip("nbclient")
        monkeypatch.setenv("MYOASSIST_NOTEBOOKS", "short")
        monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
        monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "jupyter"))  # what the user has set stays out of it
        notebook = nbformat.read(path, as_version=4)
        runner = client.NotebookClient(
            notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
        )
        runner.execute()  # raises with the cell and its traceback
        pictures = [
            out for cell in notebook.cells for out in cell.get("outputs", []) if "image/png" in out.get("data", {})
        ]
        assert pictures, "it draws something"
