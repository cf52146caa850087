from pathlib import Path

import jupytext
import pytest
from nbclient import NotebookClient

pytestmark = pytest.mark.slow
NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.py"))


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:.*zmq.*")
@pytest.mark.parametrize("script", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebook_runs_and_its_executed_copy_is_of_this_script(script, tmp_path):
    notebook = jupytext.read(script)
    executed = jupytext.read(script.with_suffix(".ipynb"))
    assert [cell.source for cell in executed.cells] == [cell.source for cell in notebook.cells]
    assert all(cell.outputs for cell in executed.cells if cell.cell_type == "code")
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
