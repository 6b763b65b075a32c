"""The registry of metrics: what it refuses, the goal tree, versions, where each metric stands, and who may decide."""

import json
import re
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy import stats as scipy_stats

from engagement.core.errors import Conflict, Forbidden, InvalidInput
from engagement.core.jobs import Progress
from engagement.customers.services.event_imports import import_events
from experiments.metrics.definition import MetricDefinition
from experiments.metrics.library import LIBRARY
from experiments.models import MetricLevel, RegisteredMetric
from experiments.reports import goal_tree
from experiments.results_file import Columns, ResultsMetric
from experiments.services import registry
from experiments.services.loading import load
from experiments.services.plans import MetricPlan
from experiments.services.results_import import ResultsFile, import_results
from tests.experiments.builders import LIVE, planned, results_csv
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
AT = datetime(2026, 7, 29, tzinfo=UTC)
DAY = timedelta(days=1)


def text_of(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def standard(*keys: str) -> list[RegisteredMetric]:
    return [registry.add_standard(key=key, actor=None) for key in keys]


def test_the_whole_library_can_be_added_once():
    for one in LIBRARY:
        made = registry.add_standard(key=one.definition.key, actor=None)
        assert made.definition == one.definition

    with pytest.raises(Conflict, match="taken by another metric"):
        registry.add_standard(key="retained_7", actor=None)
    with pytest.raises(InvalidInput, match="library has no metric"):
        registry.add_standard(key="nothing", actor=None)


def test_a_metric_says_in_words_what_it_counts_and_readers_add_none():
    definition = MetricDefinition("read", "proportion", "read", window_s=86_400)

    with pytest.raises(InvalidInput, match="in words"):
        registry.add(definition=definition, name="Read", words=" ", actor=None)
    with pytest.raises(Forbidden):
        registry.add(definition=definition, name="Read", words="Read.", actor=MemberFactory(role="reader"))
    assert not RegisteredMetric.objects.exists()


def test_every_metric_stands_once_in_the_tree_and_orphans_are_told():
    goal, below, deep, orphan, mechanics = standard("revenue_28", "orders_28", "visits_14", "retained_7", "opened_14")
    registry.place(metric=goal, serves=None, is_top=True, actor=None)
    registry.place(metric=below, serves=goal, is_top=False, actor=None)
    registry.place(metric=deep, serves=below, is_top=False, actor=None)

    tree = goal_tree.tree(list(RegisteredMetric.objects.all()), {})

    def keys(nodes):
        return [(node.metric.key, keys(node.children)) for node in nodes]

    assert keys(tree["goals"]) == [("revenue_28", [("orders_28", [("visits_14", [])])])]
    assert keys(tree["orphans"]) == [(orphan.key, [])]
    assert keys(tree["mechanics"]) == [(mechanics.key, [])]
    with pytest.raises(InvalidInput, match="would serve itself"):
        registry.place(metric=goal, serves=deep, is_top=False, actor=None)


def test_a_change_is_a_version_and_a_planned_experiment_keeps_what_it_copied():
    [metric] = standard("converted_14")
    experiment = planned(metrics=[MetricPlan("converted_14", "proportion", "primary")])
    wider = MetricDefinition("converted_14", "proportion", "order", window_s=28 * 86_400)

    changed = registry.change(
        metric=metric, definition=wider, name="Conversion", words="In 28 days.", group="", actor=None, seen_version=1
    )

    assert (changed.version, changed.definition.window_s) == (2, 28 * 86_400)
    assert experiment.metrics.get().definition.window_s == 14 * 86_400
    assert experiment.metrics.get().definition.event == "order"
    with pytest.raises(Conflict, match="meanwhile"):
        registry.change(metric=metric, definition=wider, name="x", words="y", group="", actor=None, seen_version=1)


def test_where_a_metric_stands_is_told_with_its_interval(tmp_path):
    rng, rows, orders = np.random.default_rng(4), [], {}
    for number in range(300):
        rows.append((f"c{number}", "session", AT - (14 + 1 + number % 27) * DAY, ""))
        times = int(rng.integers(0, 3))
        orders[number] = times
        rows += [(f"c{number}", "order", AT - (1 + n) * DAY, 10) for n in range(times)]
    rows.append(("old", "session", AT - 60 * DAY, ""))
    path = tmp_path / "events.csv"
    lines = [f"{c},{e},{at.isoformat()},{v}" for c, e, at, v in rows]
    path.write_text("\n".join(["customer_id,event,occurred_at,value", *lines]) + "\n")
    import_events(path=path, name="events.csv", complete_through=AT, progress=Progress())
    [converted] = standard("converted_14")
    amount = MetricDefinition("spent_14", "mean", "order", window_s=14 * 86_400, unit="EUR")
    spent = registry.add(definition=amount, name="Spent", words="Money in 14 days.", actor=None)

    registry.measure_all(progress=Progress(), at=AT)

    did = sum(times > 0 for times in orders.values())
    low, high = scipy_stats.binomtest(did, 300).proportion_ci(0.95, method="wilson")
    level = MetricLevel.objects.get(metric=converted)
    assert (level.customers, level.mean) == (300, did / 300)
    assert (level.low, level.high) == pytest.approx((low, high))
    money = np.array([10.0 * times for times in orders.values()])
    level = MetricLevel.objects.get(metric=spent)
    half = 1.96 * money.std(ddof=1) / np.sqrt(300)
    assert (level.mean, level.variance) == pytest.approx((money.mean(), money.var(ddof=1)))
    assert (level.low, level.high) == pytest.approx((money.mean() - half, money.mean() + half))


def test_b4_2_opens_and_clicks_never_decide_by_page_file_import_or_api(client, tmp_path):
    client.force_login(MemberFactory())
    with pytest.raises(InvalidInput, match="mechanics only"):
        planned(metrics=[MetricPlan("opened", "proportion", "primary")])
    with pytest.raises(InvalidInput, match="mechanics only"):
        planned(metrics=[MetricPlan("x", "proportion", "primary", event="Email Link Clicked")])
    file = tmp_path / "plan.toml"
    file.write_text(LIVE.format(extra="").replace('event = "purchase"', 'event = "email_opened"'))
    with pytest.raises(InvalidInput, match=r"plan\.toml.*mechanics only"):
        load(path=file, actor=None)
    path = results_csv(tmp_path / "results.csv")
    metrics = (ResultsMetric("clicked", "proportion", "bought"), ResultsMetric("spend", "mean", "spend"))
    results = ResultsFile(path, path.name, Columns("arm", "none", metrics), primary="clicked")
    with pytest.raises(InvalidInput, match="mechanics only"):
        import_results(key="mails", file=results, actor=None, progress=Progress())
    body = {
        "name": "Mails", "variants": [{"key": "a", "share": 0.5}, {"key": "b", "share": 0.5}],
        "metrics": [{"key": "opened", "kind": "proportion", "role": "primary"}],
    }  # fmt: skip
    answer = client.post("/api/v1/experiments/", json.dumps(body), content_type="application/json")

    assert answer.status_code == 422
    assert "mechanics only" in answer.json()["detail"]


def test_an_imported_click_rate_beside_a_business_metric_is_diagnostic(tmp_path):
    path = results_csv(tmp_path / "results.csv")
    metrics = (ResultsMetric("spend", "mean", "spend"), ResultsMetric("clicked", "proportion", "bought"))
    results = ResultsFile(path, path.name, Columns("arm", "none", metrics))

    experiment, _is_new = import_results(key="mails", file=results, actor=None, progress=Progress())

    assert dict(experiment.metrics.values_list("key", "role")) == {"spend": "primary", "clicked": "diagnostic"}


def test_the_pages_add_place_and_change_a_metric(client):
    client.force_login(MemberFactory(name="Ada"))
    assert "Take the first ones from the library below." in text_of(client.get("/metrics/"))

    client.post("/metrics/add/", {"key": "revenue_28"})
    client.post("/metrics/revenue_28/place/", {"is_top": "on"})
    made = {
        "key": "read_week_2", "name": "Read in week 2", "words": "Came in the second week.", "kind": "proportion",
        "event": "session", "from_day": 7, "to_day": 14, "threshold": 1, "direction": "up",
    }  # fmt: skip
    client.post("/metrics/new/", made)
    orphaned = text_of(client.get("/metrics/"))
    client.post("/metrics/read_week_2/place/", {"serves": RegisteredMetric.objects.get(key="revenue_28").pk})
    changed = client.post("/metrics/read_week_2/", {**made, "to_day": 21, "version": 1})
    refused = client.post("/metrics/read_week_2/", {**made, "to_day": 5, "version": 2})

    assert "Orphans" in orphaned
    assert "Orphans" not in text_of(client.get("/metrics/"))
    assert changed.status_code == 302
    metric = RegisteredMetric.objects.get(key="read_week_2")
    assert (metric.version, metric.definition.window_s, metric.owner.name) == (2, 21 * 86_400, "Ada")
    assert refused.status_code == 422
    assert "This contradicts itself" in text_of(refused)
    assert client.get("/metrics/nothing/").status_code == 404


def test_the_page_takes_the_same_queries_for_one_metric_and_for_three(client, django_assert_max_num_queries):
    client.force_login(MemberFactory())
    standard("revenue_28")
    with django_assert_max_num_queries(7):
        client.get("/metrics/")

    standard("orders_28", "retained_7")

    with django_assert_max_num_queries(7):
        client.get("/metrics/")
