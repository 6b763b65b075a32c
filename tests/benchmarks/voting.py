"""Two hundred voters at once, on SQLite and where a server answers on PostgreSQL: no ballot lost, none counted twice.

The web process is the one `make run` starts; the voters are threads of one more process of this machine, so that both
share its cores. Every ballot is sent twice at the same moment, as by an impatient finger. Afterwards list pages and
tally are asked for, one call at a time, and timed on the wall; beside that stands what the web process itself computed,
which a busy machine leaves as it is. The server is looked for on 127.0.0.1:5432, or where BENCH_POSTGRESQL says.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from threading import Barrier
from typing import Any
from urllib.parse import urlencode

import psutil
import psycopg

from tests.benchmarks.ingest import SERVER
from tests.benchmarks.lines import absent, measured
from tests.installation import Installation

IDEAS, MEMBERS, VOTERS, SCORED = 10_000, 500, 200, 2
PATIENCE_S, LONGEST_S, REPEATS = 120, 550, 25
MOST_LIST_MS, MOST_QUERIES, MOST_TALLY_MS = 100, 12, 15
LISTS = ("/ideas/", "/ideas/?sort=score", "/ideas/?q=reader&page=40", "/rounds/")
CSRF = "a" * 32  # cookie and field agree: all that a plain form needs
CAST, KEPT_ALREADY = "cast", "kept already"
UNCHANGED, NEWS = "tally poll without news", "tally poll with news"


def lines() -> Iterator[str]:
    yield f"voting: {VOTERS} voters at once, {SCORED} ballots each, sent twice; {IDEAS:,} ideas, {MEMBERS} members"
    yield from _lines("SQLite", None)
    try:
        psycopg.connect(f"{SERVER}/postgres").close()
    except psycopg.OperationalError:
        yield absent("PostgreSQL server")
        return
    yield from _lines("PostgreSQL", SERVER)


def _lines(name: str, server: str | None) -> Iterator[str]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "engagement.settings")
    with tempfile.TemporaryDirectory() as folder:
        installation = Installation(Path(folder), server=server)
        try:
            installation.run("migrate", "--verbosity", "0")
            world = json.loads(_within(installation, "fill"))
            installation.start_web()
            told = _voted(installation, world)
            kept = json.loads(_within(installation, "kept"))
            times = _timed(installation, world)
            queries = json.loads(_within(installation, "queries"))
        finally:
            installation.stop()
    expected = VOTERS * SCORED
    cast = told["answers"].pop(CAST, 0)
    told["answers"].pop(KEPT_ALREADY, 0)
    yield measured(f"{name}: ballots sent, each twice", 2 * expected / told["seconds"], "calls/s")
    yield measured(f"{name}: slowest of them", told["slowest"], "s")
    yield measured(f"{name}: ballots acknowledged and not kept", cast - kept["right"], "ballots", at_most=0)
    yield measured(f"{name}: ballots of those voters missing", expected - kept["right"], "ballots", at_most=0)
    yield measured(f"{name}: kept or acknowledged twice", max(kept["rows"], cast) - expected, "ballots", at_most=0)
    others = told["answers"]
    yield measured(f"{name}: answered otherwise {others or ''}", sum(others.values()), "calls", at_most=0)
    bars = {**dict.fromkeys(LISTS, MOST_LIST_MS), UNCHANGED: MOST_TALLY_MS, NEWS: MOST_TALLY_MS}
    for label, bar in bars.items():
        wall, computed = times[label]
        yield measured(f"{name}: {label}, median", wall, "ms", at_most=bar)
        yield measured(f"{name}: {label}, computed by the web process", computed, "ms", at_most=bar)
    for path in LISTS:
        yield measured(f"{name}: {path}, queries", queries[path], "", at_most=MOST_QUERIES)


def _within(installation: Installation, function: str) -> str:
    """The last line that a function of this module prints in a process of the installation."""
    program = f"from tests.benchmarks import voting; voting.within(voting.{function})"
    return installation.run(program=program).splitlines()[-1]


def _voted(installation: Installation, world: dict[str, Any]) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.voting", str(installation.port)]
    done = subprocess.run(
        command, input=json.dumps(world), check=True, stdout=subprocess.PIPE, text=True, timeout=LONGEST_S
    )
    return dict(json.loads(done.stdout))


def _timed(installation: Installation, world: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """Milliseconds a call: from asking to the last byte, the median; and of the web process's processor, the mean."""
    caller = Caller(installation.port, world["cookie"], world["sessions"][0])
    tally = f"{_ballot(world, world['ideas'][0])}tally/"
    caller.get(tally)
    asked = {**{path: (path, "") for path in LISTS}, UNCHANGED: (tally, caller.etag), NEWS: (tally, '"older"')}
    times = {}
    for label, (path, seen) in asked.items():
        caller.timed(path, seen)
        before = _processor_s(installation)
        wall = median(caller.timed(path, seen) for _ in range(REPEATS))
        times[label] = (1_000 * wall, 1_000 * (_processor_s(installation) - before) / REPEATS)
    return times


def _processor_s(installation: Installation) -> float:
    web = psutil.Process(installation.processes[-1].pid)
    used = [process.cpu_times() for process in (web, *web.children(recursive=True))]
    return sum(one.user + one.system for one in used)


def _ballot(world: dict[str, Any], idea: int) -> str:
    return f"/rounds/{world['round']}/ideas/{idea}/"


class Caller:
    """One member's connection, kept open from call to call."""

    def __init__(self, port: int, cookie: str, session: str) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        self.headers = {"Cookie": f"{cookie}={session}; csrftoken={CSRF}"}
        self.etag = ""  # of the newest answer

    def get(self, path: str, seen: str = "") -> int:
        self.connection.request("GET", path, headers={**self.headers, "If-None-Match": seen})
        answer = self.connection.getresponse()
        answer.read()
        self.etag = answer.headers.get("ETag", "")
        return answer.status

    def timed(self, path: str, seen: str = "") -> float:
        """Seconds until the last byte; an answer that says “not modified” is right for what was seen alone."""
        start = time.perf_counter()
        status = self.get(path, seen)
        took = time.perf_counter() - start
        assert status == (304 if self.etag and self.etag == seen else 200), (path, status)
        return took

    def vote(self, path: str, scores: dict[str, int]) -> tuple[str, float]:
        """What became of a ballot, and in how many seconds."""
        body = urlencode({**scores, "csrfmiddlewaretoken": CSRF})
        headers = {**self.headers, "Content-Type": "application/x-www-form-urlencoded"}
        start = time.perf_counter()
        self.connection.request("POST", path, body, headers)
        answer = self.connection.getresponse()
        answer.read()
        target = answer.headers.get("Location", "")
        if answer.status != 302:
            told = str(answer.status)
        else:
            told = CAST if "sent=" in target else KEPT_ALREADY if target == path else target
        return told, time.perf_counter() - start


def main() -> None:
    """All voters at once, each on two connections that send the same ballot at the same moment."""
    port, world = int(sys.argv[1]), json.load(sys.stdin)
    together = Barrier(2 * VOTERS)

    def voter(number: int) -> list[tuple[str, float]]:
        caller = Caller(port, world["cookie"], world["sessions"][number // 2])
        together.wait(PATIENCE_S)
        return [caller.vote(_ballot(world, idea), _scores(number // 2)) for idea in world["ideas"][:SCORED]]

    start = time.perf_counter()
    with ThreadPoolExecutor(2 * VOTERS) as pool:
        told = [one for part in pool.map(voter, range(2 * VOTERS)) for one in part]
    seconds = time.perf_counter() - start
    answers = Counter(what for what, _ in told)
    print(json.dumps({"seconds": seconds, "slowest": max(took for _, took in told), "answers": answers}))


def _scores(voter: int) -> dict[str, int]:
    """The voter's own three scores, by which a ballot is known again."""
    return {"impact": voter % 10 + 1, "confidence": voter // 10 % 10 + 1, "ease": voter // 100 + 1}


def within(function: Any) -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "engagement.settings")
    django.setup()
    print(json.dumps(function()))


def fill() -> dict[str, Any]:
    """Members, ideas, twenty closed rounds of fifty ideas, one open round that invites all; sessions to vote with."""
    from django.conf import settings
    from django.db import connection
    from django.test import Client

    from backlog.models import Idea, RoundIdea, RoundMember, VotingRound
    from engagement.accounts.models import Member, Pod
    from engagement.core.clock import now

    disciplines = ("marketing", "product", "data", "editorial", "design", "engineering")
    members = Member.objects.bulk_create(
        Member(email=f"m{n}@example.org", name=f"Member {n}", discipline=disciplines[n % 6], password="!")
        for n in range(MEMBERS)
    )
    pod = Pod.objects.create(name="Bench", slug="bench")
    pod.members.set(members)
    ideas = Idea.objects.bulk_create(
        Idea(
            title=f"Idea {n} for a reader", problem="Readers wait. " * 20, change="They wait no more. " * 20, pod=pod,
            author=members[n % MEMBERS], lever=("content", "timing")[n % 2], channel=("email", "push")[n // 2 % 2],
            state="in_round" if n < 12 else "scored" if n < 1_012 else "backlog",
        )
        for n in range(IDEAS)
    )  # fmt: skip
    for number in range(20):
        day = now() - timedelta(days=7 * (20 - number))
        times = {"opens_at": day - timedelta(days=7), "closes_at": day, "closed_at": day}
        closed = VotingRound.objects.create(name=f"Round {number}", pod=pod, state="closed", **times)
        RoundMember.objects.bulk_create(RoundMember(round=closed, member=member) for member in members)
        scored = ideas[12 + 50 * number : 62 + 50 * number]
        medians = {f"{scale}_median": 5 for scale in ("impact", "confidence", "ease")}
        RoundIdea.objects.bulk_create(
            RoundIdea(round=closed, idea=idea, ice=idea.pk % 90 / 10 + 1, counted_ballots=5, **medians)
            for idea in scored
        )
    opened = VotingRound.objects.create(name="Now", pod=pod, closes_at=now() + timedelta(days=7))
    RoundMember.objects.bulk_create(RoundMember(round=opened, member=member) for member in members)
    RoundIdea.objects.bulk_create(RoundIdea(round=opened, idea=idea) for idea in ideas[:12])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as a server does by itself within a minute
    sessions = []
    for member in members[:VOTERS]:
        client = Client()
        client.force_login(member)
        sessions.append(client.cookies[settings.SESSION_COOKIE_NAME].value)
    return {
        "cookie": settings.SESSION_COOKIE_NAME,
        "sessions": sessions,
        "round": opened.pk,
        "ideas": [idea.pk for idea in ideas[:12]],
    }


def kept() -> dict[str, int]:
    """How many ballots the round holds, and how many of them are a voter's only one with the scores that they sent."""
    from backlog.models import Ballot

    columns = ("voter__email", "round_idea", "impact", "confidence", "ease")
    rows = list(Ballot.objects.values_list(*columns))
    once = {row[:2]: row[2:] for row in rows}
    right = sum(tuple(_scores(int(email[1:].partition("@")[0])).values()) == said for (email, _), said in once.items())
    return {"rows": len(rows), "right": right}


def queries() -> dict[str, int]:
    """How many queries each list page asks, of a member who voted."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from engagement.accounts.models import Member

    client = Client()
    client.force_login(Member.objects.get(email="m0@example.org"))
    counts = {}
    for path in LISTS:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(path, headers={"Host": "127.0.0.1"}).status_code == 200
        counts[path] = len(asked)
    return counts


if __name__ == "__main__":
    main()
