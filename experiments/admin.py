"""The admin site looks at experiments and never writes them."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from engagement.core.admin_site import ReadOnlyAdmin
from engagement.core.clock import now
from experiments.models import (
    BatchShares,
    ChecklistMark,
    Decision,
    DefaultMessage,
    ExclusionRange,
    Experiment,
    Holdout,
    Metric,
    Milestone,
    Readout,
    ResultsImport,
    ResultsUpload,
    Retro,
    Variant,
)


@admin.register(Experiment)
class ExperimentAdmin(ReadOnlyAdmin):
    list_display = ["key", "name", "state", "pod", "launch_owner", "created_at"]
    list_filter = ["state", "pod", "is_simulated"]
    list_select_related = ["pod", "launch_owner"]
    search_fields = ["key", "name"]


@admin.register(ChecklistMark)
class ChecklistMarkAdmin(ReadOnlyAdmin):
    list_display = ["experiment", "item", "kind", "by", "at"]
    list_select_related = ["experiment", "by"]


@admin.register(Milestone)
class MilestoneAdmin(ReadOnlyAdmin):
    list_display = ["experiment", "step", "owner", "due", "done_at"]
    list_select_related = ["experiment", "owner"]


@admin.register(Retro)
class RetroAdmin(ReadOnlyAdmin):
    list_display = ["experiment", "learning", "written_by", "written_at"]
    list_select_related = ["experiment", "written_by"]


@admin.register(Variant)
class VariantAdmin(ReadOnlyAdmin):
    list_display = ["experiment", "position", "name", "share"]
    list_select_related = ["experiment"]


@admin.register(Metric)
class MetricAdmin(ReadOnlyAdmin):
    list_display = ["experiment", "key", "kind", "role"]
    list_select_related = ["experiment"]


@admin.register(Readout)
class ReadoutAdmin(ReadOnlyAdmin):
    list_display = ["experiment", "as_of", "created_at"]
    list_select_related = ["experiment"]


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    list_display = ["experiment", "kind", "variant", "decided_by", "decided_at"]
    list_select_related = ["experiment", "variant", "decided_by"]


@admin.register(DefaultMessage)
class DefaultMessageAdmin(ReadOnlyAdmin):
    list_display = ["key", "variant", "since"]
    list_select_related = ["variant"]


@admin.register(ResultsImport)
class ResultsImportAdmin(ReadOnlyAdmin):
    list_display = ["experiment", "file_name", "rows", "imported_by", "imported_at"]
    list_select_related = ["experiment", "imported_by"]


@admin.register(ResultsUpload)
class ResultsUploadAdmin(ReadOnlyAdmin):
    list_display = ["key", "file_name", "size", "uploaded_by", "uploaded_at"]
    list_select_related = ["uploaded_by"]


@admin.register(Holdout)
class HoldoutAdmin(ReadOnlyAdmin):
    list_display = ["quarter", "share"]


@admin.register(ExclusionRange)
class ExclusionRangeAdmin(ReadOnlyAdmin):
    list_display = ["group", "experiment", "low", "high"]
    list_select_related = ["group", "experiment"]


@admin.register(BatchShares)
class BatchSharesAdmin(ReadOnlyAdmin):
    list_display = ["experiment", "number", "shares", "at"]
    list_select_related = ["experiment"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[BatchShares]:
        """Without those of sealed experiments: shares tell their results."""
        return super().get_queryset(request).exclude(experiment__sealed_until__gt=now())
