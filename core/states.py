"""State machines as tables: the only way a state column changes.

A machine is declared once beside its model:

    LINE = StateMachine("orders.line", model="orders.OrderLine", moves=[
        Move("PENDING_PAYMENT", "PAID_ON_HOLD", by={"system"}),
        Move("PAID_ON_HOLD", "PAID", by={"system", "buyer"}, after=timedelta(minutes=60)),
    ])

A move with `after` fires by itself: entering the `from` state writes a Deadline row, and the
sweeper calls the handler registered by `@LINE.on_timeout("PAID_ON_HOLD")`, else the bare move.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg
from django.apps import apps
from django.db import models, transaction
from django.utils.translation import gettext as _

from core import clock
from core.actors import SYSTEM, Actor
from core.errors import Forbidden, IllegalMove
from core.models import Deadline, StateChange

Guard = Callable[[Any], str | None]
Period = timedelta | Callable[[Any], timedelta | None]


@dataclass(frozen=True)
class Move:
    """One legal edge. `guard` returns None, or the reason why not. `after` makes it the time-out edge."""

    source: str
    target: str
    by: frozenset[str] | set[str]
    guard: Guard | None = None
    after: Period | None = None


@dataclass
class StateMachine:
    name: str
    model: str
    moves: Iterable[Move]
    column: str = "state"
    _edges: dict[tuple[str, str], Move] = field(init=False, default_factory=dict)
    _timeouts: dict[str, Move] = field(init=False, default_factory=dict)
    _handlers: dict[str, Callable[[int], None]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for move in self.moves:
            self._edges[move.source, move.target] = move
            if move.after is not None:
                if move.source in self._timeouts:
                    raise ValueError(f"{self.name}: two time-outs leave {move.source}")
                self._timeouts[move.source] = move
        if self.name in MACHINES:
            raise ValueError(f"machine {self.name} declared twice")
        MACHINES[self.name] = self

    @property
    def states(self) -> list[str]:
        return list(dict.fromkeys(s for edge in self._edges for s in edge))

    @property
    def choices(self) -> list[tuple[str, str]]:
        return [(s, s.replace("_", " ").capitalize()) for s in self.states]

    def targets(self, state: str) -> list[str]:
        """Where an object in `state` may go."""
        return [target for source, target in self._edges if source == state]

    def allows(self, obj: models.Model, to: str, actor: Actor) -> bool:
        """Whether the move would be accepted now; for showing or hiding a button."""
        move = self._edges.get((getattr(obj, self.column), to))
        return bool(move and actor.role in move.by and not (move.guard and move.guard(obj)))

    def start(self, obj: models.Model, *, actor: Actor, why: str = "") -> None:
        """Record the birth of `obj` in its first state and set that state's deadline."""
        state = getattr(obj, self.column)
        self._record(obj, "", state, actor, why, {})
        self._set_deadline(obj, state)

    def start_many(
        self,
        cursor: psycopg.Cursor[Any],
        *,
        state: str,
        ids: Sequence[int],
        role: str,
        users: Sequence[int],
        labels: Sequence[str],
    ) -> None:
        """As `start`, for many rows born in `state` by people in `role`, by one statement.

        Raises ValueError for a state that has a deadline.
        """
        if state in self._timeouts:
            raise ValueError(f"{self.name}: {state} has a deadline, start one by one")
        cursor.execute(
            "INSERT INTO core_statechange (machine, object_id, from_state, to_state, actor_role,"
            " actor_user_id, actor_label, why, evidence)"
            " SELECT %s, id, '', %s, %s, who, label, '', '{}'"
            " FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS one (id, who, label)",
            [self.name, state, role, ids, users, labels],
        )

    def move(
        self,
        obj: models.Model,
        to: str,
        *,
        actor: Actor = SYSTEM,
        why: str = "",
        evidence: dict[str, Any] | None = None,
        **changes: Any,
    ) -> None:
        """Move `obj` to `to` by one conditional UPDATE that also writes `changes`, with its history row.

        Must run in a transaction; takes the row lock of `obj`. Raises IllegalMove with the legal
        moves named, or when another moved it first; Forbidden when the role may not.
        """
        source = getattr(obj, self.column)
        edge = self._edges.get((source, to))
        if edge is None:
            legal = ", ".join(self.targets(source)) or "none"
            raise IllegalMove(
                f"{self.name} cannot go from {source} to {to}. Legal from here: {legal}.",
                state=source,
                legal=self.targets(source),
            )
        if actor.role not in edge.by:
            raise Forbidden(f"{source} → {to} is for: {', '.join(sorted(edge.by))}.")
        if edge.guard and (reason := edge.guard(obj)):
            raise IllegalMove(reason, state=source, legal=self.targets(source))
        manager = type(obj)._default_manager
        with transaction.atomic():
            updated = manager.filter(pk=obj.pk, **{self.column: source}).update(
                **{self.column: to}, **changes
            )
            if not updated:
                raise IllegalMove(
                    _("This %(thing)s has just changed; read it again before you go on.")
                    % {"thing": self.name},
                    state=source,
                )
            for name, value in {self.column: to, **changes}.items():
                setattr(obj, name, value)
            self._record(obj, source, to, actor, why, evidence or {})
            self._set_deadline(obj, to)

    def on_timeout(self, state: str) -> Callable[[Callable[[int], None]], Callable[[int], None]]:
        """Register the action (taking the object's pk) that a passed deadline of `state` calls."""

        def register(action: Callable[[int], None]) -> Callable[[int], None]:
            self._handlers[state] = action
            return action

        return register

    def fire(self, deadline: Deadline) -> None:
        """Do what the passed deadline asks for, in the caller's transaction."""
        if handler := self._handlers.get(deadline.state):
            handler(deadline.object_id)
            return
        obj = apps.get_model(self.model)._default_manager.get(pk=deadline.object_id)
        self.move(obj, self._timeouts[deadline.state].target, actor=SYSTEM, why="deadline passed")

    def deadline_of(self, obj: models.Model) -> datetime | None:
        """When the object leaves its state by itself, for display."""
        row = Deadline.objects.filter(machine=self.name, object_id=obj.pk, paused=False).first()
        return row.due_at if row else None

    def pause(self, obj: models.Model, paused: bool = True) -> None:
        """Hold or resume the clock of the object's current state; resuming grants at least an hour."""
        row = Deadline.objects.filter(machine=self.name, object_id=obj.pk).first()
        if row and row.paused != paused:
            floor = clock.now() + timedelta(hours=1)
            Deadline.objects.filter(pk=row.pk).update(
                paused=paused, due_at=row.due_at if paused else max(row.due_at, floor)
            )

    def renew_deadline(self, obj: models.Model) -> None:
        """Set the deadline of the object's current state again, after what it depends on changed."""
        self._set_deadline(obj, getattr(obj, self.column))

    def _set_deadline(self, obj: models.Model, state: str) -> None:
        rows = Deadline.objects.filter(machine=self.name, object_id=obj.pk)
        period = self._period(obj, state)
        if period is None:
            rows.delete()
            return
        Deadline.objects.update_or_create(
            machine=self.name,
            object_id=obj.pk,
            defaults={
                "state": state,
                "due_at": clock.now() + period,
                "paused": False,
                "attempts": 0,
                "last_error": "",
            },
        )

    def _period(self, obj: models.Model, state: str) -> timedelta | None:
        edge = self._timeouts.get(state)
        after = edge.after if edge else None
        return after(obj) if callable(after) else after

    def _record(
        self,
        obj: models.Model,
        source: str,
        target: str,
        actor: Actor,
        why: str,
        evidence: dict[str, Any],
    ) -> None:
        StateChange.objects.create(
            machine=self.name,
            object_id=obj.pk,
            from_state=source,
            to_state=target,
            actor_role=actor.role,
            actor_user_id=actor.user_id,
            actor_label=actor.label,
            why=why,
            evidence=evidence,
        )

    def history(self, obj: models.Model) -> models.QuerySet[StateChange]:
        return StateChange.objects.filter(machine=self.name, object_id=obj.pk).order_by("id")


MACHINES: dict[str, StateMachine] = {}
