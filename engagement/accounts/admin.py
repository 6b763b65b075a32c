"""Members, pods and the trail on the admin site."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin

from engagement.accounts.models import ApiKey, AuditEntry, Invitation, Member, Pod, Workspace
from engagement.core.admin_site import ReadOnlyAdmin


@admin.register(Member)
class MemberAdmin(ReadOnlyAdmin):
    list_display = ["name", "email", "role", "discipline", "is_active"]
    exclude = ["password"]


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    list_display = ["email", "role", "invited_by", "sent_at", "accepted_at"]
    exclude = ["token_hash"]


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ["name", "kind", "start", "made_at", "revoked_at"]
    exclude = ["key_hash"]


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ["at", "actor_name", "verb", "target_type", "target_label"]
    list_filter = ["verb", "target_type"]


admin.site.register([Workspace, Pod], ReadOnlyAdmin)
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign,no-untyped-call]  # one sign-in page
