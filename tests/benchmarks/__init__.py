"""How fast the statistics are, and how much a bandit earns: `make bench`, or `python -m tests.benchmarks [NAME ...]`.

Each benchmark prints what it measured beside its bar, and beside a named peer measured in the same run. Peers come
with the extra `bench` (`pip install -c constraints.txt '.[bench]'`); one that is not there is passed over in a line.
gbstats cannot be part of the extra, because its package asks for numpy below 2; its code does not, so
`pip install pydantic && pip install --no-deps gbstats` puts it beside the others.
"""
