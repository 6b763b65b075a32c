import subprocess
import sys
from pathlib import Path

from experiments import stats

ROOT = Path(__file__).resolve().parents[3]

ONLY_NUMPY_AND_SCIPY = """
import sys
from experiments import stats
stats.welch(stats.Moments(9, 1.0, 2.0), stats.Moments(9, 1.5, 2.0))
foreign = {"django", "pandas", "ibis", "duckdb", "plotly", "pyarrow"} & {name.split(".")[0] for name in sys.modules}
assert not foreign, foreign
assert "scipy.stats" not in sys.modules
"""


def test_package_loads_nothing_but_numpy_and_scipy():
    done = subprocess.run(
        [sys.executable, "-c", ONLY_NUMPY_AND_SCIPY], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_every_public_name_exists_and_says_what_it_gives():
    for name in stats.__all__:
        assert getattr(stats, name).__doc__, name
