"""Reading a results file: what is wrong is named with its line and column, and nothing is guessed."""

import gzip
import tracemalloc
from pathlib import Path

import pytest

from engagement.core.row_files import FileRefused
from experiments.results_file import FIRST_BYTES, Columns, ResultsMetric, Row, read_rows, read_start

COLUMNS = Columns(
    variant="arm",
    control="a",
    metrics=(ResultsMetric("bought", "proportion", "bought"), ResultsMetric("spend", "mean", "spend")),
)
GOOD = "arm,bought,spend\na,1,2.5\nb,0,\n"


def read(tmp_path: Path, content: str | bytes, columns: Columns = COLUMNS) -> list[Row]:
    path = tmp_path / "file"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read_rows(path, columns, name="r.csv"))


def test_rows_of_a_good_file_are_read_whole(tmp_path):
    assert read(tmp_path, GOOD) == [Row(1, 2, None, "a", (1.0, 2.5)), Row(2, 3, None, "b", (0.0, 0.0))]


def test_gzip_and_byte_order_mark_change_nothing(tmp_path):
    assert read(tmp_path, gzip.compress(b"\xef\xbb\xbf" + GOOD.encode())) == read(tmp_path, GOOD)


def test_lines_are_counted_through_quoted_line_breaks(tmp_path):
    content = 'arm,note,bought,spend\na,"two\nlines",1,1\nb,x,1,oops\n'
    with pytest.raises(FileRefused, match=r"^r\.csv, line 4, column “spend”: “oops” is no number\.$"):
        read(tmp_path, content)


def test_every_way_to_say_true_and_false_is_read(tmp_path):
    words = ["1", "true", "TRUE", "1.0", "0", "False", "0.0", ""]
    content = "arm,bought,spend\n" + "".join(f"{'ab'[i % 2]},{word},0\n" for i, word in enumerate(words))
    assert [row.values[0] for row in read(tmp_path, content)] == [1, 1, 1, 1, 0, 0, 0, 0]


def test_covariates_follow_the_metrics(tmp_path):
    columns = Columns("arm", "a", COLUMNS.metrics, customer="who", covariates={"spend": "before"})
    content = "who,arm,bought,spend,before\nx,a,1,2,7\ny,b,0,0,8\n"
    assert read(tmp_path, content, columns) == [Row(1, 2, "x", "a", (1, 2, 7)), Row(2, 3, "y", "b", (0, 0, 8))]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", ": the file is empty."),
        (gzip.compress(b"", mtime=0), ": the file is empty."),
        ("arm,bought,spend\n", ": there is a header and no row below it."),
        ("arm,bought\na,1\n", ", line 1: there is no column “spend”; the columns are arm, bought."),
        ("arm,bought,spend,spend\n", ", line 1, column “spend”: two columns have this name."),
        ("arm,bought,spend\na,1,x\n", ", line 2, column “spend”: “x” is no number."),
        ("arm,bought,spend\na,1,1_0\n", ", line 2, column “spend”: “1_0” is no number."),
        ("arm,bought,spend\na,1,NaN\n", ", line 2, column “spend”: “NaN” is no finite number."),
        ("arm,bought,spend\na,1,1\nb,0,-inf\n", ", line 3, column “spend”: “-inf” is no finite number."),
        ("arm,bought,spend\na,1,1e300\n", ", line 2, column “spend”: “1e300” is too large to calculate with."),
        ("arm,bought,spend\na,2,1\n", ", line 2, column “bought”: “2” is neither 0, 1, true nor false."),
        ("arm,bought,spend\na,1\n", ", line 2: 2 cells where the header names 3."),
        ("arm,bought,spend\na,1,1,1\n", ", line 2: 4 cells where the header names 3."),
        ("arm,bought,spend\n,1,1\n", ", line 2, column “arm”: the variant is empty."),
        ("arm,bought,spend\na,1,1\na,0,1\n", ", column “arm”: all rows have one variant, “a”; a comparison needs two."),
        ("arm,bought,spend\nb,1,1\nc,0,1\n", ", column “arm”: no row has the control “a”; the variants are “b”, “c”."),
        (b"arm,bought,spend\na,1,1\n\xff,0,1\n", ", line 3: byte 1 of the line is no UTF-8; save the file as UTF-8."),
        (b"\x89PNG\r\n\x1a\n\0\0", ", line 1: byte 1 of the line is no UTF-8; save the file as UTF-8."),
        (b"PK\x03\x04\0\0", ", line 1: this is no CSV file: it holds zero bytes."),
        ('arm,bought,spend\na,"1,1\n', ", line 2: this is no CSV: unexpected end of data."),
    ],
)  # fmt: skip
def test_refused_files_say_where_and_why(tmp_path, content, sentence):
    with pytest.raises(FileRefused) as refusal:
        read(tmp_path, content)
    assert str(refusal.value) == "r.csv" + sentence


def test_a_cut_gzip_file_is_refused(tmp_path):
    rows = "".join(f"{chr(97 + i % 2)},{i % 2},{i}.5\n" for i in range(5000))
    cut = gzip.compress(("arm,bought,spend\n" + rows).encode())[:5000]
    with pytest.raises(FileRefused, match="the gzip file is damaged"):
        read(tmp_path, cut)


def test_an_eleventh_variant_is_refused(tmp_path):
    content = "arm,bought,spend\n" + "".join(f"v{i},1,1\n" for i in range(11))
    with pytest.raises(FileRefused, match=r"line 12, column “arm”: this is the eleventh variant"):
        read(tmp_path, content)


def test_the_start_of_a_file_is_its_header_and_first_whole_rows(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbfarm,spend\na,1\nb\nb,2\nc,3\n"))

    assert read_start(path, name="r.csv", rows=3) == (["arm", "spend"], [["a", "1"], ["b", "2"]])


def test_the_start_is_read_without_the_rest(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"arm,spend\n" + b"a,1\n" * 100_000 + b"\xff\xff")

    header, rows = read_start(path, name="r.csv", rows=200_000)

    assert header == ["arm", "spend"]
    assert rows == [["a", "1"]] * ((FIRST_BYTES - len("arm,spend\n")) // len("a,1\n"))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "r.csv: the file is empty."),
        (b"\n\n", "r.csv: the file is empty."),
        (b"PK\x03\x04\0\0", "r.csv, line 1: this is no CSV file: it holds zero bytes."),
        (b"\xff\xfea", "r.csv, line 1: byte 1 of the line is no UTF-8; save the file as UTF-8."),
    ],
)
def test_a_file_without_a_header_is_refused_at_once(tmp_path, content, sentence):
    path = tmp_path / "file"
    path.write_bytes(content)

    with pytest.raises(FileRefused) as refusal:
        read_start(path, name="r.csv")

    assert str(refusal.value) == sentence


def test_a_fault_below_the_header_leaves_the_header_to_choose_from(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"arm,spend\na,1\n\xff,2\n")

    assert read_start(path, name="r.csv") == (["arm", "spend"], [])


def test_a_gzip_file_with_a_wrong_byte_inside_is_refused(tmp_path):
    packed = bytearray(gzip.compress(GOOD.encode()))
    packed[10] = 0xFF  # no block of compressed data begins so

    with pytest.raises(FileRefused, match="the gzip file is damaged"):
        read(tmp_path, bytes(packed))


def test_a_line_without_end_is_refused_and_never_held_whole(tmp_path):
    endless = gzip.compress(b"arm,bought,spend\n" + b"a" * 50_000_000, mtime=0)
    tracemalloc.start()
    with pytest.raises(FileRefused, match=r"line 2: the line is longer than 1,000,000 bytes"):
        read(tmp_path, endless)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000
