"""Words a member or a workspace can be described by."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a member may do on the site as a whole; what they may do in an experiment is decided there."""

    ADMINISTRATOR = "administrator", _("Administrator")
    MEMBER = "member", _("Member")
    READER = "reader", _("Reader")


class Discipline(models.TextChoices):
    """The trade a member brings to a pod."""

    MARKETING = "marketing", _("Marketing")
    PRODUCT = "product", _("Product")
    DATA = "data", _("Data")
    EDITORIAL = "editorial", _("Editorial")
    DESIGN = "design", _("Design")
    ENGINEERING = "engineering", _("Engineering")


class Theme(models.TextChoices):
    SYSTEM = "", _("As the device")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class Digest(models.TextChoices):
    """How often a member is mailed what became of ideas they scored."""

    DAILY = "daily", _("Daily, when there is news")
    WEEKLY = "weekly", _("Weekly, when there is news")
    NONE = "none", _("Never")


class KeyKind(models.TextChoices):
    """Where a program's key may live: on a server that keeps secrets, or in a web page that cannot."""

    SECRET = "secret", _("Secret, for servers")
    PUBLISHABLE = "publishable", _("Publishable, for web pages")


class Scope(models.TextChoices):
    """What a key may be used for."""

    TRACK = "track", _("Send events and ask for variants")
    READ = "read", _("Read the API, as its maker sees it")
