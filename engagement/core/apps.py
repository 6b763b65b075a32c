from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class CoreConfig(AppConfig):
    name = "engagement.core"
    label = "core"
    default = True


class ReadOnlyAdminConfig(admin_apps.AdminConfig):
    default = False
    default_site = "engagement.core.admin_site.ReadOnlySite"
