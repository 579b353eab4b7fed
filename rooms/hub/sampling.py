"""Which lines of a loud chat everybody sees, and which are not even passed on.

Two steps, both by what all processes see alike, the room's stream, so they need no agreement:

- Of the stream, SHOWN_PER_SECOND lines are shown: a bucket filled by the ids of the stream.
- Past PASSED_PER_SECOND lines in the stream, every process passes on only a share of what its own
  viewers write. The share follows the rate of the stream, so it comes to PASSED_PER_SECOND for all
  processes together, however many there are and wherever the talkers sit.

Neither concerns the crew. What is not passed on is seen by its author on this process and logged.
"""

from __future__ import annotations

import random

SHOWN_PER_SECOND = 20
# Well above what is shown, so that chance in the share does not leave the chat short of lines.
PASSED_PER_SECOND = 60
# How fast a share grows again in a second once the chat is calmer.
RECOVERY = 4.0
LEAST_SHARE = 0.0005


class Sampling:
    """The loudness of one room's chat, as this process hears it. Times are seconds."""

    __slots__ = ("_heard", "_of", "_share", "_shown", "_tokens", "_tokens_at")

    def __init__(self) -> None:
        self._tokens = float(SHOWN_PER_SECOND)
        self._tokens_at = 0.0
        self._heard = 0
        self._shown = 0
        self._of = 0.0
        self._share = 1.0

    @property
    def share(self) -> float:
        """Of the lines that viewers write here now, how many are passed on: 0 to 1.

        By the last whole second; sooner when this one is louder than it may be.
        """
        most = 2 * PASSED_PER_SECOND
        return self._share if self._heard <= most else self._share * most / self._heard

    def passes_on(self) -> bool:
        """Whether a line that a viewer has just written here goes into the stream."""
        share = self.share
        return share >= 1.0 or random.random() < share

    def shows(self, at: float, *, crew: bool) -> bool:
        """Whether everybody sees this line of the stream; `at` is the time in its id."""
        if crew:
            self._of += 1
            self._shown += 1
            return True
        self._of += 1 / self._share
        self._heard += 1
        self._tokens = min(
            SHOWN_PER_SECOND, self._tokens + max(0.0, at - self._tokens_at) * SHOWN_PER_SECOND
        )
        self._tokens_at = max(self._tokens_at, at)
        if self._tokens < 1:
            return False
        self._tokens -= 1
        self._shown += 1
        return True

    def second_passed(self) -> tuple[int, int]:
        """(lines shown, lines written) of the second that ends; the latter estimated past the share."""
        seen = self._shown, max(self._shown, round(self._of))
        fitting = self._share * PASSED_PER_SECOND / max(self._heard, 1)
        self._share = max(LEAST_SHARE, min(1.0, fitting, RECOVERY * self._share))
        self._heard = self._shown = 0
        self._of = 0.0
        return seen
