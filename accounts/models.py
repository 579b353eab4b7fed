"""People, their addresses, whom they follow, and the agencies that sign anchors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models, transaction
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from accounts.events import AccessChanged
from core import events
from core.access import ActorQuerySet
from core.money import BASIS_POINTS


class User(AbstractUser):
    """Anyone. Everybody may watch, buy and go live; other roles are memberships elsewhere."""

    username = models.CharField(
        _("user name"),
        max_length=40,
        unique=True,
        validators=[UnicodeUsernameValidator()],
        error_messages={"unique": _("This user name is taken.")},
    )
    email = models.EmailField(_("e-mail address"), unique=True)
    display_name = models.CharField(_("display name"), max_length=40, blank=True)
    language = models.CharField(max_length=10, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="accounts_email_case_insensitive"),
            models.UniqueConstraint(Lower("username"), name="accounts_username_case_insensitive"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Announces AccessChanged with a new password or another `is_active`, in one transaction."""
        written = {"password", "is_active"}
        if update_fields is not None:
            update_fields = set(update_fields)
            written &= update_fields
        if self._state.adding or not written:
            super().save(*args, update_fields=update_fields, **kwargs)
            return
        with transaction.atomic():
            before = User.objects.filter(pk=self.pk).values(*written).first()
            super().save(*args, update_fields=update_fields, **kwargs)
            if before and any(before[name] != getattr(self, name) for name in written):
                events.publish(AccessChanged(user_id=self.pk))

    @property
    def name(self) -> str:
        return self.display_name or self.username


class AddressQuerySet(ActorQuerySet["Address"]):
    def for_actor(self, user: Any) -> Self:
        return self.filter(user=user)


class Address(models.Model):
    """Where a person's parcels go. Orders keep a copy, so editing one changes no past order."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="addresses")
    recipient = models.CharField(_("recipient"), max_length=60)
    phone = models.CharField(
        _("phone"),
        max_length=20,
        validators=[RegexValidator(r"^\+?[0-9 ()-]{6,20}$", _("Enter a phone number."))],
    )
    country = models.CharField(_("country"), max_length=2, default="CN")
    region = models.CharField(_("province or state"), max_length=60)
    city = models.CharField(_("city"), max_length=60)
    district = models.CharField(_("district"), max_length=60, blank=True)
    street = models.CharField(_("street and number"), max_length=160)
    postal_code = models.CharField(_("postal code"), max_length=12, blank=True)
    is_default = models.BooleanField(_("default address"), default=False)
    created_at = models.DateTimeField(db_default=Now())

    objects = AddressQuerySet.as_manager()

    class Meta:
        ordering = ["-is_default", "-id"]
        verbose_name = _("address")
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=models.Q(is_default=True),
                name="accounts_one_default_address",
            )
        ]

    def __str__(self) -> str:
        return f"{self.recipient}, {self.city}"

    def snapshot(self) -> dict[str, str]:
        """The copy that an order keeps."""
        names = [
            "recipient",
            "phone",
            "country",
            "region",
            "city",
            "district",
            "street",
            "postal_code",
        ]
        return {name: getattr(self, name) for name in names}


class Follow(models.Model):
    follower = models.ForeignKey(User, on_delete=models.CASCADE, related_name="following")
    anchor = models.ForeignKey(User, on_delete=models.CASCADE, related_name="followers")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["follower", "anchor"], name="accounts_follow_once"),
            models.CheckConstraint(
                condition=~models.Q(follower=models.F("anchor")), name="accounts_no_self_follow"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.follower_id} → {self.anchor_id}"


class Agency(models.Model):
    """An MCN: signs anchors and shares their commission by contract."""

    name = models.CharField(max_length=80, unique=True)
    members = models.ManyToManyField(User, related_name="agencies", blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "agencies"

    def __str__(self) -> str:
        return self.name


class AgencyContract(models.Model):
    """One anchor's contract; `share_bps` of the commission goes to the agency."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="contracts")
    anchor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="agency_contracts")
    share_bps = models.PositiveIntegerField(validators=[MaxValueValidator(BASIS_POINTS)])
    signed_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["anchor"],
                condition=models.Q(ended_at__isnull=True),
                name="accounts_one_agency_at_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(share_bps__lte=BASIS_POINTS), name="accounts_share_at_most_all"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agency} · {self.anchor}"


class ApiTokenQuerySet(ActorQuerySet["ApiToken"]):
    def for_actor(self, user: Any) -> Self:
        return self.filter(user=user, revoked_at__isnull=True)


class ApiToken(models.Model):
    """A bearer token for the API. Only its SHA-256 is stored; the secret is shown once."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=60)
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12)
    created_at = models.DateTimeField(db_default=Now())
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"
