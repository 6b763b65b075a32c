"""A path that cannot be opened is told in one sentence, not in a traceback."""

from io import StringIO

import pytest

from engagement.core.command import Refusable


class Copy(Refusable):
    """Reads one path and writes another."""

    requires_migrations_checks = False
    failure: OSError | None = None

    def answer(self, **options):
        if self.failure is not None:
            raise self.failure
        options["output"].write_text(options["input"].read_text())
        return "Copied."


def refusal_of(command: Copy, **options) -> str:
    command.stderr = StringIO()
    with pytest.raises(SystemExit) as exit_info:
        command.handle(**options)
    assert exit_info.value.code == 1
    return command.stderr.getvalue().strip()


def test_a_path_that_cannot_be_opened_is_told_in_a_sentence(tmp_path):
    there, folder, missing = tmp_path / "there", tmp_path / "folder", tmp_path / "missing"
    there.write_text("")
    folder.mkdir()

    told = [
        refusal_of(Copy(), input=missing, output=there),
        refusal_of(Copy(), input=folder, output=there),
        refusal_of(Copy(), input=there, output=folder),
        refusal_of(Copy(), input=there, output=missing / "out"),
        refusal_of(Copy(), input=there / "in", output=there),
    ]

    assert told == [
        f"There is no file {missing}.",
        f"{folder} is a folder; a file is needed.",
        f"{folder} is a folder; a file is needed.",
        f"There is no folder {missing}.",
        f"{there / 'in'} cannot be opened: Not a directory.",
    ]


def test_a_path_of_somebody_else_is_told_in_a_sentence():
    command = Copy()
    command.failure = PermissionError(13, "Permission denied", "/theirs")

    assert refusal_of(command) == "/theirs may not be opened by this user."


def test_a_failure_without_a_path_is_no_refusal():
    command = Copy()
    command.failure = ConnectionRefusedError(111, "Connection refused")

    with pytest.raises(ConnectionRefusedError):
        command.handle()
