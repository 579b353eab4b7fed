"""Objects are fetched through the eyes of their reader; a foreign one is simply not there."""

from __future__ import annotations

from typing import Any, Self, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.utils.translation import gettext as _

from core.errors import NotFound

M = TypeVar("M", bound=models.Model)


class ActorQuerySet(models.QuerySet[M]):
    """Base of every queryset with owners. Subclasses say who sees which rows in `for_actor`."""

    def for_actor(self, user: Any) -> Self:
        raise NotImplementedError(f"{type(self).__name__} must say what {user} may see")

    def fetch(self, user: Any, **lookup: Any) -> M:
        """The one row that `user` may see. Raises NotFound when missing or another's."""
        visible = self.none() if isinstance(user, AnonymousUser) else self.for_actor(user)
        try:
            return visible.get(**lookup)
        except (ObjectDoesNotExist, ValueError, TypeError):
            raise NotFound(
                _("There is no such %(thing)s.") % {"thing": self.model._meta.verbose_name}
            ) from None
