from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "engagement.core"
    label = "core"
