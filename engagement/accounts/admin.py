"""The admin site looks and never writes: every change goes through a service, which leaves its trace."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.http import HttpRequest

from engagement.accounts.models import AuditEntry, Invitation, Member, Pod, Workspace


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """For every model of the house."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Member)
class MemberAdmin(ReadOnlyAdmin):
    list_display = ["name", "email", "role", "discipline", "is_active"]
    exclude = ["password"]


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    list_display = ["email", "role", "invited_by", "sent_at", "accepted_at"]
    exclude = ["token_hash"]


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ["at", "actor_name", "verb", "target_type", "target_label"]
    list_filter = ["verb", "target_type"]


admin.site.register([Workspace, Pod], ReadOnlyAdmin)
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign,no-untyped-call]  # one sign-in page
