"""A results file through the real store: numbers, repeats, refusals that leave nothing, processes that die."""

import re
import signal
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from scipy import stats as scipy_stats

from engagement.accounts.models import AuditEntry
from engagement.core.errors import Conflict, InvalidInput
from engagement.core.jobs import Progress
from engagement.customers.models import Customer
from engagement.warehouse import store
from experiments.models import Experiment, Readout
from experiments.results_file import Columns, ResultsMetric
from experiments.services import analysis, plans
from experiments.services.results_import import ResultsFile, import_results

pytestmark = pytest.mark.django_db

METRICS = (ResultsMetric("bought", "proportion", "bought"), ResultsMetric("spend", "mean", "spend"))
COLUMNS = Columns("arm", "none", METRICS)


def write(path: Path, rows: int = 400, seed: int = 1) -> Path:
    rng = np.random.default_rng(seed)
    lines = ["arm,bought,spend,before"]
    for _ in range(rows):
        bought = int(rng.random() < 0.4)
        before = rng.exponential(10)
        spend = round(bought * (before + rng.exponential(5)), 2)
        lines.append(f"{rng.choice(['none', 'mail', 'push'])},{bought},{spend},{before:.2f}")
    path.write_text("\n".join(lines) + "\n")
    return path


def imported(path: Path, key: str = "mail-test", **options) -> tuple[Experiment, bool]:
    file = ResultsFile(path, path.name, options.pop("columns", COLUMNS), **{"primary": "spend", **options})
    return import_results(key=key, file=file, actor=None, progress=Progress())


def readout(experiment: Experiment) -> dict:
    return analysis.analyse(experiment=experiment, progress=Progress()).document


def comparison(document: dict, metric: str, variant: str) -> dict:
    part = next(part for part in document["metrics"] if part["key"] == metric)
    return next(row for row in part["comparisons"] if row["variant"] == variant)


def columns_of(path: Path, variant: str) -> tuple[np.ndarray, np.ndarray]:
    rows = [line.split(",") for line in path.read_text().splitlines()[1:]]
    mine = [row for row in rows if row[0] == variant]
    return np.array([float(row[1]) for row in mine]), np.array([float(row[2]) for row in mine])


def test_the_readout_agrees_with_scipy_on_the_rows(tmp_path):
    path = write(tmp_path / "r.csv")

    document = readout(imported(path)[0])

    (bought, spend), (bought_none, spend_none) = columns_of(path, "mail"), columns_of(path, "none")
    welch = scipy_stats.ttest_ind(spend, spend_none, equal_var=False)
    found = comparison(document, "spend", "mail")["unadjusted"]
    assert found["p_value"] == pytest.approx(welch.pvalue, rel=1e-9)
    interval = welch.confidence_interval()
    assert (found["absolute"]["low"], found["absolute"]["high"]) == pytest.approx(
        (interval.low, interval.high), rel=1e-9
    )
    assert comparison(document, "bought", "mail")["absolute"]["estimate"] == pytest.approx(
        bought.mean() - bought_none.mean()
    )
    assert [row["customers"] for row in document["variants"]] == [
        len(columns_of(path, v["key"])[0]) for v in document["variants"]
    ]
    assert document["variants"][0]["key"] == "none"


def test_the_same_import_twice_changes_nothing(tmp_path):
    path = write(tmp_path / "r.csv")
    experiment, is_new = imported(path)
    before = (
        Customer.objects.count(),
        store.snapshot("events"),
        store.snapshot("exposures"),
        AuditEntry.objects.count(),
    )

    again, is_new_again = imported(path)

    assert (is_new, is_new_again, again) == (True, False, experiment)
    assert (
        Customer.objects.count(),
        store.snapshot("events"),
        store.snapshot("exposures"),
        AuditEntry.objects.count(),
    ) == before
    assert before[0] == 400


def test_another_file_under_the_same_key_is_refused(tmp_path):
    imported(write(tmp_path / "r.csv"))
    with pytest.raises(Conflict, match=r"^The key “mail-test” is taken: its results came from another file, r\.csv\.$"):
        imported(write(tmp_path / "other.csv", seed=2))


def test_the_same_file_read_otherwise_is_refused(tmp_path):
    path = write(tmp_path / "r.csv")
    imported(path)
    with pytest.raises(Conflict, match="from this file, but read with other columns or metrics"):
        imported(path, primary="bought")


@pytest.mark.parametrize(
    ("change", "error", "sentence"),
    [
        ({"columns": Columns("arm", "nobody", METRICS)}, InvalidInput, "no row has the control “nobody”"),
        ({"columns": Columns("arm", "none", ())}, InvalidInput, "Name at least one metric"),
        ({"primary": "visits"}, InvalidInput, "The primary metric “visits” is none of the metrics"),
        ({"shares": {"none": 0.5, "mail": 0.5, "push": 0.1}}, InvalidInput, "The shares sum to 1.1; they must"),
        ({"shares": {"none": 0.5, "mail": 0.5}}, InvalidInput, "Shares are given for “none”, “mail”; the file has"),
        ({"shares": {"none": 1.0, "mail": -0.5, "push": 0.5}}, InvalidInput, "Each share must lie above 0"),
        ({"exposed_at": datetime(2999, 1, 1, tzinfo=UTC)}, InvalidInput, "lies in the future"),
        ({"key": "no spaces"}, InvalidInput, "The key “no spaces” must be"),
    ],
)  # fmt: skip
def test_a_refused_import_leaves_nothing(tmp_path, own_data_dir, change, error, sentence):
    with pytest.raises(error, match=sentence):
        imported(write(tmp_path / "r.csv"), **change)

    assert not Experiment.objects.exists()
    assert not Customer.objects.exists()
    assert not AuditEntry.objects.exists()
    assert store.snapshot("events") == store.snapshot("exposures") == []
    assert list((own_data_dir / "staging").glob("*")) == []


def test_a_customer_with_two_rows_is_named_with_both_lines(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("who,arm,bought,spend\nx,none,1,1\ny,mail,0,0\nx,mail,1,1\n")
    with pytest.raises(
        InvalidInput, match=r"r\.csv, line 4, column “who”: this customer has a row already, on line 2\."
    ):
        imported(path, columns=Columns("arm", "none", METRICS, customer="who"))


def test_results_of_two_experiments_on_the_same_customers_do_not_meet(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text(
        "who,arm,bought,spend\n" + "".join(f"c{i},{'none' if i % 2 else 'mail'},1,{i}\n" for i in range(60))
    )
    columns = Columns("arm", "none", METRICS, customer="who")
    first = readout(imported(path, key="one", columns=columns)[0])

    second = readout(imported(path, key="two", columns=columns)[0])

    assert Customer.objects.count() == 60
    assert first["metrics"][1]["variants"] == second["metrics"][1]["variants"]
    assert second["metrics"][1]["variants"][1]["mean"] == pytest.approx(np.mean([i for i in range(60) if i % 2 == 0]))


def test_a_sample_ratio_mismatch_makes_every_verdict_invalid(tmp_path):
    path = tmp_path / "r.csv"
    rows = ["none,0,1"] * 4700 + ["mail,1,2"] * 5300
    path.write_text("arm,bought,spend\n" + "\n".join(rows) + "\n")
    document = readout(imported(path)[0])

    check = next(check for check in document["health"] if check["check"] == "sample_ratio")
    assert check["status"] == "fail"
    assert check["p_value"] == pytest.approx(scipy_stats.chisquare([4700, 5300]).pvalue)
    assert {row["verdict"] for part in document["metrics"] for row in part["comparisons"]} == {"invalid"}
    assert document["recommendation"]["decision"] == "stop"


def test_a_plan_takes_the_results_of_its_own_variants_only(tmp_path):
    def planned(key: str, third: str) -> Experiment:
        variants = [plans.VariantPlan(k, k.title(), s) for k, s in (("none", 0.5), ("mail", 0.25), (third, 0.25))]
        metrics = [
            plans.MetricPlan("bought", "proportion", "secondary", after_days=7),  # which a file has seen to
            plans.MetricPlan("spend", "mean", "primary", unit="USD"),
        ]
        return plans.create(key=key, name=key, variants=variants, metrics=metrics, actor=None)

    path = write(tmp_path / "r.csv")
    planned("right", "push"), planned("wrong", "in_app")

    with pytest.raises(Conflict, match="is taken by a plan with other variants"):
        imported(path, key="wrong")
    experiment, _is_new = imported(path, key="right")

    assert experiment.state == "ended"
    assert [(v.key, v.share) for v in experiment.variants.all()] == [("none", 0.5), ("mail", 0.25), ("push", 0.25)]
    assert readout(experiment)["metrics"][1]["unit"] == "USD"
    assert Experiment.objects.get(key="wrong").state == "draft"


def test_what_was_launched_here_takes_no_results_from_a_file(tmp_path):
    variants = [plans.VariantPlan(key, key.title(), share) for key, share in (("none", 0.5), ("mail", 0.5))]
    metrics = [plans.MetricPlan("spend", "mean", "primary")]
    launched = plans.create(key="mail-test", name="Mail", variants=variants, metrics=metrics, actor=None)
    Experiment.objects.filter(pk=launched.pk).update(state="running")
    with pytest.raises(Conflict, match="is taken by an experiment that is running"):
        imported(write(tmp_path / "r.csv"))
    assert Experiment.objects.get().state == "running"


def test_an_empty_covariate_column_is_analysed_without_balance_to_be_told(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("arm,bought,spend,before\n" + "".join(f"{'none' if i % 2 else 'mail'},1,{i},\n" for i in range(40)))
    document = readout(imported(path, columns=Columns("arm", "none", METRICS, covariates={"spend": "before"}))[0])
    assert [check["check"] for check in document["health"]] == ["sample_ratio", "contamination"]
    assert comparison(document, "spend", "mail")["absolute"]["estimate"] == pytest.approx(-1.0)


@pytest.mark.slow
@pytest.mark.parametrize("fatal_step", ["publish", "customers.ensure", "events", "exposures"])
def test_a_command_killed_in_the_middle_leaves_nothing_and_its_retry_does_all_once(installation, tmp_path, fatal_step):
    """A real process, killed by SIGKILL as it enters each step; then, in another, the same twice to its end."""
    path = write(tmp_path / "r.csv", rows=2000)
    command = _command(path)

    installation.run(fatal_step, *command, program=DIE_AT, expect=-signal.SIGKILL)
    told = installation.shell(f"{AGAIN.format(command=command)}{COUNT}")

    assert re.findall("There is no experiment|2,000 customers in 3 variants imported|nothing changed", told) == [
        "There is no experiment",
        "2,000 customers in 3 variants imported",
        "nothing changed",
    ]
    assert told.split()[-3:] == ["2000", "2000", "True"]


@pytest.mark.slow
def test_a_worker_killed_in_the_middle_of_an_import_is_replaced_and_everything_is_there_once(installation, tmp_path):
    """The worker dies by SIGKILL inside the store; a new one takes the job over once its heartbeat is missed, for which
    nobody waits here: it is made older, and looked for by hand."""
    path = write(tmp_path / "r.csv", rows=2000)
    installation.run("createsuperuser", "--noinput", "--email", "ada@example.org")
    job = installation.shell(ENQUEUE.format(path=str(path))).split()[-1]
    installation.run("exposures", "qcluster", program=DIE_AT, expect=-signal.SIGKILL)
    assert installation.shell(MISSED.format(job=job)).split() == ["running", "0", "1"]

    installation.start_worker()

    told = installation.shell(f"{OVER.format(job=job)}{COUNT}")
    assert told.split()[-4:] == ["done", "2000", "2000", "True"]


DIE_AT = """
import os, signal, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "engagement.settings"
import django; django.setup()
from django.core.management import call_command
from engagement.customers.services import customers
from engagement.warehouse import store
from experiments.services import results_import

def die(*args, **kwargs):
    os.killpg(0, signal.SIGKILL)  # a worker with its whole cluster

step, real = sys.argv[1], store.append
if step == "customers.ensure":
    customers.ensure = die
elif step == "publish":
    results_import._publish = die
else:
    store.append = lambda name, *a, **k: die() if name == step else real(name, *a, **k)
call_command(*sys.argv[2:])
"""
AGAIN = """
from django.core.management import call_command
from engagement.core.errors import NotFound
from experiments import queries
try:
    queries.newest_readout("killed")
except NotFound as error:
    print(error)
for _ in range(2):
    call_command(*{command})
"""
COUNT = """
from engagement.customers.models import Customer
from engagement.warehouse.engines import connect
with connect() as w:
    t = w.backend.to_pyarrow(w.table("exposures"))
    e = w.backend.to_pyarrow(w.table("events"))
print(Customer.objects.count(), len(t), len(set(e["message_id"].to_pylist())) == len(e))
"""


ENQUEUE = """
from django.core.files import File
from engagement.accounts.models import Member
from experiments.results_file import ResultsMetric
from experiments.services import results_uploads
ada = Member.objects.get()
with open("{path}", "rb") as file:
    upload = results_uploads.receive(key="killed", file=File(file, name="r.csv"), actor=ada)
metrics = (ResultsMetric("bought", "proportion", "bought"), ResultsMetric("spend", "mean", "spend"))
reading = results_uploads.Reading(variant="arm", control="none", metrics=metrics, primary="spend")
print(results_uploads.start_import(upload=upload, reading=reading, actor=ada).pk)
"""
MISSED = """
from datetime import timedelta
from django.utils.module_loading import import_string
from django_q.models import Schedule
from engagement.core.models import Job
from experiments.models import Experiment
job = Job.objects.get(pk="{job}")
print(job.state, Experiment.objects.filter(key="killed").count())
Job.objects.update(beat_at=job.beat_at - timedelta(minutes=1))
every_minute = Schedule.objects.get(func="engagement.core.jobs.resume_lost", schedule_type="I", minutes=1)
print(import_string(every_minute.func)())
"""
OVER = """
import time
from engagement.core.models import Job
for _ in range(1800):
    state = Job.objects.get(pk="{job}").state
    if state != "running":
        break
    time.sleep(0.1)
print(state)
"""


def _command(path: Path) -> list[str]:
    metrics = ["--metric", "bought:proportion", "--metric", "spend:mean", "--primary", "spend"]
    return ["import_results", "killed", str(path), "--variant", "arm", "--control", "none", *metrics]


def test_readouts_are_kept_and_the_look_is_taken_once(tmp_path):
    experiment, _is_new = imported(write(tmp_path / "r.csv"))
    first, second = readout(experiment), readout(experiment)

    assert [look["information"] for look in first["looks"]] == [1.0]
    assert second["looks"] == first["looks"]
    assert comparison(second, "spend", "mail")["verdict"] == comparison(first, "spend", "mail")["verdict"]
    assert Readout.objects.filter(experiment=experiment).count() == 2


def test_the_sequence_holds_at_every_look_and_is_wider_than_the_interval_of_one(tmp_path):
    """Against the formula of the confidence sequence by hand, at the 10,000 customers used where no plan says."""
    document = readout(imported(write(tmp_path / "r.csv", rows=3000))[0])
    found = comparison(document, "spend", "mail")
    n = sum(row["n"] for row in document["metrics"][1]["variants"] if row["variant"] in ("none", "mail"))
    threshold = -2 * np.log(0.05)
    weight = n / 10_000 * (threshold + np.log(threshold + 1))
    reach = np.sqrt((weight + 1) / weight * (np.log(weight + 1) + threshold)) * found["absolute"]["se"]

    estimate = found["absolute"]["estimate"]
    assert (found["sequence"]["low"], found["sequence"]["high"]) == pytest.approx((estimate - reach, estimate + reach))
    assert found["sequence"]["high"] > found["absolute"]["high"]
    z = estimate / found["absolute"]["se"]
    assert found["sequence"]["e_value"] == pytest.approx(np.exp(weight / (1 + weight) * z**2 / 2) / np.sqrt(1 + weight))


def test_a_covariate_narrows_the_interval_as_a_regression_on_the_rows_does(tmp_path):
    path = write(tmp_path / "r.csv", rows=1500)
    columns = Columns("arm", "none", METRICS, covariates={"spend": "before"})

    document = readout(imported(path, columns=columns)[0])

    found = comparison(document, "spend", "mail")
    rows = [line.split(",") for line in path.read_text().splitlines()[1:]]
    y, x = (np.array([float(row[column]) for row in rows]) for column in (2, 3))
    arms, centred = np.array([row[0] for row in rows]), x - x.mean()
    fits = {arm: np.polyfit(centred[arms == arm], y[arms == arm], 1) for arm in ("none", "mail")}
    assert found["method"] == "lin"
    assert found["absolute"]["estimate"] == pytest.approx(fits["mail"][1] - fits["none"][1], rel=1e-9)
    residual = {arm: y[arms == arm] - np.polyval(fit, centred[arms == arm]) for arm, fit in fits.items()}
    within = sum((e**2).sum() / (len(e) - 2) / len(e) for e in residual.values())
    between = (fits["mail"][0] - fits["none"][0]) ** 2 * x.var() / len(x)
    assert found["absolute"]["se"] == pytest.approx(np.sqrt(within + between), rel=1e-3)
    assert found["absolute"]["se"] < found["unadjusted"]["absolute"]["se"]
    assert found["unadjusted"]["method"] == "welch"
    balance = next(check for check in document["health"] if check["check"] == "covariate_balance")
    smallest = min(
        scipy_stats.ttest_ind(x[arms == arm], x[arms == "none"], equal_var=False).pvalue for arm in ("mail", "push")
    )
    assert balance == {**balance, "status": "pass", "p_value": pytest.approx(smallest)}
