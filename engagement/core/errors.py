"""The tree of refusals. Each holds one sentence for the person who asked; doors translate the class, never the text."""


class DomainError(Exception):
    """Something was asked that the rules of the house refuse. `str(error)` is the sentence to show.

    `field` names the form field that is to blame, where one is.
    """

    status = 400

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class Forbidden(DomainError):
    """This person may not do this."""

    status = 403


class Conflict(DomainError):
    """The state of things does not allow it now: taken, closed, frozen, already done."""

    status = 409


class InvalidInput(DomainError):
    """What was given cannot be understood or used."""

    status = 422


class NotFound(DomainError):
    """What was named does not exist, or not for this person."""

    status = 404
