"""The one answer that every comparison returns."""

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats.status import Standing, Status
from experiments.stats.validation import BoolArray, FloatArray, ObjectArray


class Method(StrEnum):
    """How a number was computed, in the words of the readout."""

    WELCH = "welch"
    NEWCOMBE = "newcombe"
    AGRESTI_CAFFO = "agresti-caffo"
    MIETTINEN_NURMINEN = "miettinen-nurminen"
    KOOPMAN = "koopman"
    LOG_RATIO = "log-ratio"
    DELTA = "delta"
    FIELLER = "fieller"
    DUNNETT = "dunnett"
    GROUP_SEQUENTIAL = "group-sequential"
    CONFIDENCE_SEQUENCE = "confidence-sequence"
    LIN = "lin"
    CUPED = "cuped"
    ANCOVA = "ancova"
    POST_STRATIFICATION = "post-stratification"
    CLUSTER = "cluster"
    QUANTILE = "quantile"
    RESTRICTED_MEAN = "restricted-mean"
    INTERACTION = "interaction"
    AIPW = "aipw"
    BATCHED_OLS = "batched-ols"
    IMPORTANCE = "importance-weighted"
    SELF_NORMALISED = "self-normalised"


@dataclass(frozen=True)
class Note:
    """One sentence for the reader and the cells it is about."""

    text: str
    where: BoolArray


@dataclass(frozen=True, eq=False, kw_only=True)
class Estimate:
    """An effect of treatment against control, with everything a reader needs to judge it.

    All arrays have one shape; a comparison of scalars gives arrays of shape (), which `float()` accepts.

    estimate:    treatment minus control in the metric's unit, or the lift as a share (0.05 is five percent more).
    se, df:      standard error on the same scale; degrees of freedom, infinite for normal methods.
    low, high:   interval at `level`; a one-sided interval ends in the edge of what the quantity can be.
    p:           p-value of no effect (of a lift: of the absolute difference beneath it).
    e_value:     evidence against no effect that holds at every look, or None where the method has none.
    method:      `Method` of each cell.
    level:       one minus alpha, as a share.
    n_control, n_treatment: customers behind each side.
    status:      `Status` of each cell; where it rules a number out, the number is NaN.
    notes:       sentences, each with the cells it holds for.
    """

    estimate: FloatArray
    se: FloatArray
    df: FloatArray
    low: FloatArray
    high: FloatArray
    p: FloatArray
    method: ObjectArray
    level: FloatArray
    n_control: FloatArray
    n_treatment: FloatArray
    status: ObjectArray
    e_value: FloatArray | None = None
    notes: tuple[Note, ...] = ()

    @classmethod
    def judged(
        cls,
        standing: Standing,
        *,
        estimate: FloatArray,
        se: FloatArray,
        df: ArrayLike,
        low: FloatArray,
        high: FloatArray,
        p: FloatArray,
        method: Method | ObjectArray,
        alpha: FloatArray,
        n_control: FloatArray,
        n_treatment: FloatArray,
        e_value: FloatArray | None = None,
        notes: tuple[Note, ...] = (),
    ) -> "Estimate":
        """The same numbers, brought to one shape, with NaN wherever the standing rules a number out."""
        status = standing.words
        shape = status.shape
        hidden, open_ended = ~standing.has_estimate, ~standing.has_interval
        blank = {"estimate": hidden, "se": open_ended, "df": open_ended}
        blank |= {"low": open_ended, "high": open_ended, "p": open_ended, "e_value": open_ended}
        values: dict[str, Any] = {"estimate": estimate, "se": se, "df": df, "low": low, "high": high, "p": p}
        values |= {"e_value": e_value} if e_value is not None else {}
        numbers = {name: np.where(blank[name], np.nan, value) for name, value in values.items()}
        constants = {"level": 1.0 - alpha, "n_control": n_control, "n_treatment": n_treatment}
        return cls(
            **numbers,
            **{name: _wide(value, shape) for name, value in constants.items()},
            method=_wide(np.asarray(method, dtype=object), shape),
            status=status,
            notes=tuple(Note(note.text, _wide(note.where, shape)) for note in notes if note.where.any()),
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """The common shape of all arrays."""
        return self.estimate.shape

    def under(self, method: Method, *, alpha: FloatArray, **numbers: Any) -> "Estimate":
        """The same comparison under another decision rule: `numbers` replace fields, all brought to one shape."""
        given: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)} | numbers
        given |= {"level": 1.0 - alpha, "method": np.asarray(method, dtype=object)}
        notes = given.pop("notes")
        arrays = {name: value for name, value in given.items() if value is not None}
        shape = np.broadcast_shapes(*(np.shape(value) for value in arrays.values()))
        return Estimate(
            **{name: _wide(value, shape) for name, value in arrays.items()},
            notes=tuple(Note(note.text, _wide(note.where, shape)) for note in notes),
        )

    def __getitem__(self, index: Any) -> "Estimate":
        """The cells at `index`, with only the notes that hold for any of them."""
        arrays = {
            field.name: np.asarray(value[index], dtype=value.dtype)
            for field in fields(self)
            if isinstance(value := getattr(self, field.name), np.ndarray)
        }
        kept = (Note(note.text, np.asarray(note.where[index])) for note in self.notes)
        return Estimate(**arrays, notes=tuple(note for note in kept if note.where.any()))

    def overruled(self, where: BoolArray, status: Status) -> "Estimate":
        """The same answer with `status` in the cells `where`, and NaN for whatever that status rules out there."""
        cells = _wide(where, self.shape)
        hidden = [] if status.has_estimate else ["estimate"]
        hidden += [] if status.has_interval else ["se", "df", "low", "high", "p"]
        hidden += ["e_value"] if self.e_value is not None and not status.has_interval else []
        blank: dict[str, Any] = {name: np.where(cells, np.nan, getattr(self, name)) for name in hidden}
        return replace(self, **blank, status=np.where(cells, np.asarray(status, dtype=object), self.status))

    def noted(self, *notes: Note) -> "Estimate":
        """The same answer with more notes; those that hold nowhere are left out."""
        spread = (Note(note.text, _wide(note.where, self.shape)) for note in notes if note.where.any())
        return replace(self, notes=(*self.notes, *spread))

    def texts(self) -> list[str]:
        """The notes as plain sentences, for one cell or for all of them together."""
        return [note.text for note in self.notes]

    @property
    def excludes_zero(self) -> BoolArray:
        """Cells whose interval lies wholly on one side of zero."""
        return np.asarray((self.low > 0) | (self.high < 0))


def _wide(value: Any, shape: tuple[int, ...]) -> Any:
    """`value` at `shape`; most values have it already, and asking numpy to see that costs more than the arithmetic."""
    return value if np.shape(value) == shape else np.broadcast_to(value, shape)
