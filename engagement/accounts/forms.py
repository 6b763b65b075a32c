"""What people type about people."""

from typing import Any

from allauth.account import forms as account_forms
from allauth.core import context
from django import forms
from django.utils.translation import gettext_lazy as _

from engagement.accounts import queries
from engagement.accounts.models import Invitation, Member, Pod, Workspace
from engagement.accounts.services import invitations


class SignupForm(account_forms.SignupForm):
    """Name and password of an invited person. The address is the invitation's: shown, never taken from the browser."""

    name = forms.CharField(label=_("Your name"), max_length=100)
    field_order = ["email", "name", "password1", "password2"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        invitation = queries.open_invitation(context.request.session.get(invitations.SESSION_KEY, ""))
        self.fields["email"].initial = invitation and invitation.email
        self.fields["email"].disabled = True


class WorkspaceForm(forms.ModelForm[Workspace]):
    class Meta:
        model = Workspace
        fields = ["name", "time_zone", "currency", "naming_pattern", "ideal_usage_interval_days"]
        help_texts = {
            "naming_pattern": _("Experiment names are composed from it: {quarter}, {pod}, {channel}, {title}."),
            "ideal_usage_interval_days": _("How often a satisfied customer would use the product."),
        }

    def clean_naming_pattern(self) -> str:
        pattern: str = self.cleaned_data["naming_pattern"]
        try:
            pattern.format(quarter="", pod="", channel="", title="")
        except (KeyError, IndexError, ValueError) as error:
            raise forms.ValidationError(_("Only {quarter}, {pod}, {channel} and {title} can be filled in.")) from error
        if "{title}" not in pattern:
            raise forms.ValidationError(_("Without {title} two experiments would get the same name."))
        return pattern


class InvitationForm(forms.ModelForm[Invitation]):
    class Meta:
        model = Invitation
        fields = ["email", "role", "discipline", "pods"]
        widgets = {"pods": forms.CheckboxSelectMultiple}


class PodForm(forms.ModelForm[Pod]):
    class Meta:
        model = Pod
        fields = ["name", "outcome", "members"]
        widgets = {"members": forms.CheckboxSelectMultiple}

    def validate_unique(self) -> None:
        """The service refuses a taken name, so that the form and every other door say it alike."""


class MemberForm(forms.ModelForm[Member]):
    class Meta:
        model = Member
        fields = ["role", "discipline", "is_active"]
        labels = {"is_active": _("May sign in")}


class ProfileForm(forms.ModelForm[Member]):
    class Meta:
        model = Member
        fields = ["name", "theme", "time_zone", "has_shortcuts"]
        help_texts = {"time_zone": _("Empty: the workspace's.")}
