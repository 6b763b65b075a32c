"""The command's own refusals: an option that is given twice for one name."""

from io import StringIO

import pytest
from django.core.management import call_command

from experiments.models import Experiment
from tests.experiments.builders import results_csv

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--share", "none=0.5", "--share", "mail=0.5", "--share", "none=0.4"], "--share names “none” twice."),
        (["--covariate", "spend=a", "--covariate", "spend=b"], "--covariate names “spend” twice."),
        (["--metric", "spend:proportion:bought"], "--metric names “spend” twice."),
    ],
)
def test_an_option_given_twice_for_one_name_is_refused(tmp_path, options, sentence):
    path, error = results_csv(tmp_path / "mails.csv"), StringIO()
    columns = ["--variant", "arm", "--control", "none", "--metric", "spend:mean"]

    with pytest.raises(SystemExit) as exit_info:
        call_command("import_results", "mails", str(path), *columns, *options, stderr=error)

    assert (exit_info.value.code, error.getvalue().strip()) == (1, sentence)
    assert not Experiment.objects.exists()
