from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "engagement.customers"
    label = "customers"
