"""Proofs by simulation: marked `proof`, run only when asked for, closing with a table of bounds and figures."""

from pathlib import Path

import pytest

from tests.proofs.ledger import Ledger

LEDGER = Ledger()


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
def ledger() -> Ledger:
    """Where a proof enters what it measured."""
    return LEDGER


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in LEDGER.lines():
        terminalreporter.write_line(line)
