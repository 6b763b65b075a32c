"""A damaged file and a full disk are told in a sentence, spoil nothing else, and cost no row."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from engagement.core.clock import now
from engagement.customers.models import InboxItem
from engagement.customers.payloads import Taken
from engagement.customers.services.flushing import flush
from engagement.warehouse import store
from engagement.warehouse.engines import connect
from engagement.warehouse.faults import StoreFault
from tests.engagement.warehouse.test_store import batch, customers


def accepted(number: int) -> InboxItem:
    taken = Taken(
        "track", f"m{number}", now(), now(), customer_id=f"u{number % 7}", event="purchase", value=float(number)
    )
    return InboxItem(payload=msgspec.json.encode(taken), received_at=now())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of two megabytes, which only the administrator may make."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("no file system can be made here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Takes all the room that is left."""
    path = folder / "everything"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(handle, bytes(4096))
    except OSError:
        return path
    finally:
        os.close(handle)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def flip(path: Path) -> None:
    """Other bytes, as many as before, where the first column lies."""
    content = bytearray(path.read_bytes())
    content[16:48] = bytes(byte ^ 0xFF for byte in content[16:48])
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [cut, flip, Path.unlink])
def test_a_damaged_file_is_named_and_the_rest_goes_on(damage: Callable[[Path], None]):
    store.append("exposures", [batch(*range(100))], source="x")
    path = Path(store.snapshot("exposures")[0].path)
    whole = path.read_bytes()
    damage(path)
    sentence = f"The file {path.name} of the table “exposures” is damaged or missing; restore it from a backup."

    with pytest.raises(StoreFault) as found:
        customers()
    assert str(found.value) == sentence
    assert store.append("exposures", [batch(100)], source="y")
    with pytest.raises(StoreFault) as found:
        store.compact("exposures")
    assert str(found.value) == sentence
    with connect() as warehouse:
        assert warehouse.number(warehouse.table("events").count()) == 0

    path.write_bytes(whole)
    assert customers() == [*range(101)]


def test_a_full_disk_is_told_and_nothing_is_half_written(small_disk: Path, settings):
    settings.WAREHOUSE_DIR = small_disk / "warehouse"
    for number in range(3):
        store.append("exposures", [batch(number)], source=f"s{number}")
    stone = fill(small_disk)
    with pytest.raises(StoreFault, match=r"no room left on the disk of the store \(.*warehouse\)"):
        store.append("exposures", [batch(*range(10, 20_000))], source="large")
    assert customers() == [0, 1, 2]

    stone.unlink()
    assert store.append("exposures", [batch(10)], source="large")
    assert customers() == [0, 1, 2, 10]


@pytest.mark.django_db
def test_what_was_acknowledged_waits_in_the_inbox_while_the_store_is_full(small_disk: Path, settings):
    settings.WAREHOUSE_DIR = small_disk / "warehouse"
    store.append("exposures", [batch(1)], source="x")
    InboxItem.objects.bulk_create(accepted(number) for number in range(5_000))
    stone = fill(small_disk)
    with pytest.raises(StoreFault):
        flush()
    assert InboxItem.objects.count() == 5_000

    stone.unlink()
    assert flush() == 5_000
    assert flush() == 0
    with connect() as warehouse:
        assert warehouse.number(warehouse.table("events").count()) == 5_000
