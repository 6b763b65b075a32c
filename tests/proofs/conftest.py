"""Proofs by simulation: marked `proof`, run only when asked for, closing with a table of bounds and figures.

`make proofs` runs them all and puts the table into the guide that PROOF_TABLE names.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proofs.ledger import SCALE, Ledger, Row, refresh, table

ROWS: list[Row] = []


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "proof: a simulation that holds a stated bound; `make proofs` runs them")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Proofs stay out of a plain run of the tests: they take minutes."""
    is_asked = "proof" in config.option.markexpr or any("proofs" in argument for argument in config.args)
    return None if is_asked else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "proofs" in item.path.parts:
            item.add_marker("proof")


@pytest.fixture
def ledger(request: pytest.FixtureRequest) -> Iterator[Ledger]:
    """Where a proof enters what it measured."""
    book = Ledger()
    yield book
    # Reports carry the rows home from whichever process ran the proof.
    request.node.user_properties.extend(("proof", tuple(row)) for row in book.rows)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "teardown":
        ROWS.extend(Row(*row) for name, row in report.user_properties if name == "proof")  # type: ignore[misc]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int) -> None:
    for line in table(ROWS):
        terminalreporter.write_line(line)
    guide, is_whole = os.environ.get("PROOF_TABLE"), exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    if guide and is_whole and SCALE >= 1:
        refresh(Path(guide), ROWS)
