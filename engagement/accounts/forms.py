"""What people type about people."""

from typing import Any

from allauth.account import forms as account_forms
from allauth.core import context
from django import forms
from django.utils.translation import gettext_lazy as _

from engagement.accounts import queries
from engagement.accounts.choices import Scope
from engagement.accounts.models import ApiKey, Invitation, Member, Pod, Workspace
from engagement.accounts.services import invitations


class Plain:
    """allauth's forms with our word for the address, and without placeholders that repeat the label."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            if name in ("login", "email"):
                field.label = _("E-mail")


class SignInForm(Plain, account_forms.LoginForm):
    pass


class ForgottenPasswordForm(Plain, account_forms.ResetPasswordForm):
    pass


class NewPasswordForm(Plain, account_forms.ResetPasswordKeyForm):
    pass


class ChangePasswordForm(Plain, account_forms.ChangePasswordForm):
    pass


class SignupForm(Plain, account_forms.SignupForm):
    """Name and password of an invited person. The address is the invitation's: shown, never taken from the browser."""

    name = forms.CharField(label=_("Your name"), max_length=100)
    field_order = ["email", "name", "password1", "password2"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        invitation = queries.followed_invitation(context.request.session.get(invitations.SESSION_KEY))
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
        fields = ["name", "theme", "time_zone", "has_shortcuts", "digest"]
        help_texts = {"time_zone": _("Empty: the workspace's.")}


class ApiKeyForm(forms.ModelForm[ApiKey]):
    origins = forms.CharField(
        label=_("Origins"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For a publishable key: where its pages live, one a line, such as https://shop.example.org."),
    )

    scopes = forms.MultipleChoiceField(
        label=_("Used for"),
        choices=Scope.choices,
        initial=[Scope.TRACK],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("A publishable key sends events and asks for variants only."),
    )

    class Meta:
        model = ApiKey
        fields = ["name", "kind", "scopes", "origins"]

    def clean_origins(self) -> list[str]:
        return str(self.cleaned_data["origins"]).split()
