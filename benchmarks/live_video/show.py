"""The product's own pages: the anchor's studio and the viewer's room, and a plain player as peer."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.live_video import watching
from tests.browser import DESKTOP, PHONE
from tests.stack import ROOT, Stack

FIRST_PICTURE_SECONDS = 30
HLS = ROOT / "node_modules" / "hls.js" / "dist" / "hls.light.min.js"

OPEN_SHOW = """
import json
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from accounts.models import User
from rooms import actions
user = User.objects.filter(username="benchmark").first()
user = user or User.objects.create_user("benchmark", "benchmark@example.org", "benchmark")
room = actions.create_room(anchor=user, title="Benchmark")
session = import_module(settings.SESSION_ENGINE).SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.save()
print("HEARD " + json.dumps({"slug": room.slug, "session": session.session_key, "key": room.stream.key}))
"""
ADDRESSES = """
import json
from rooms.models import Room
from streaming import actions
stream = Room.objects.get(slug=%r).stream
print("HEARD " + json.dumps({source.kind: source.url for source in actions.playback(stream=stream)}))
"""
END_SHOW = """
import json
from core.actors import SYSTEM
from rooms import actions
from rooms.models import Room
from streaming import actions as streaming
room = actions.end_room(room=Room.objects.get(slug=%r), actor=SYSTEM)
print("HEARD " + json.dumps({"key": room.stream.key}))
"""
REPLAY = """
import json
from rooms.models import Room
from streaming import actions
source = actions.replay(stream=Room.objects.get(slug=%r).stream)
print("HEARD " + json.dumps({"url": source and source.url}))
"""
PLAIN_PLAYER = """
(url) => {
  const video = document.body.appendChild(document.createElement("video"));
  video.muted = true;
  // Three segments from the edge, which is what HLS asks of a player.
  const hls = new Hls({ lowLatencyMode: false, liveSyncDuration: 3, liveMaxLatencyDuration: 10 });
  hls.loadSource(url);
  hls.attachMedia(video);
  void video.play();
}
"""


def heard(output: str) -> dict[str, Any]:
    line = next(line for line in output.splitlines() if line.startswith("HEARD "))
    return dict(json.loads(line.removeprefix("HEARD ")))


class Anchor:
    """Goes live in the studio, as a person would."""

    def __init__(
        self, browser: Any, stack: Stack, slug: str, session: str, *, prelude: str = ""
    ) -> None:
        self.context = browser.new_context(
            viewport=DESKTOP, locale="en", permissions=["camera", "microphone"]
        )
        self.context.add_cookies([{"name": "sessionid", "value": session, "url": stack.base_url}])
        if prelude:
            self.context.add_init_script(prelude)
        self.page = self.context.new_page()
        self.page.goto(f"{stack.base_url}/studio/{slug}/")
        # The one thing that is not the product's: a clock drawn into the picture.
        self.page.evaluate("document.documentElement.setAttribute('data-stamp-time', '')")

    def go_live(self) -> None:
        camera = self.page.locator("[data-part='camera-on']")
        button = self.page.locator("[data-part='live-on']")
        self.page.wait_for_timeout(1500)
        if camera.is_visible():
            camera.click()
        button.click()
        self.page.wait_for_selector("[data-camera='live']", timeout=20_000)


@contextmanager
def viewer(browser: Any, stack: Stack, slug: str) -> Iterator[Any]:
    """A room page with the picture moving; `page.startup_ms` is how long that took."""
    with _page(browser, PHONE) as page:
        began = time.time()
        page.goto(f"{stack.base_url}/rooms/{slug}/", wait_until="domcontentloaded")
        _wait_for_picture(page)
        page.startup_ms = page.evaluate("window.pictures[0][0]") - round(began * 1000)
        yield page


@contextmanager
def plain_viewer(browser: Any, stack: Stack, url: str) -> Iterator[Any]:
    """The peer: ordinary HLS made of the same segments, in hls.js without our settings."""
    with _page(browser, PHONE, bypass_csp=True) as page:
        page.goto(f"{stack.base_url}/healthz")
        page.add_script_tag(path=str(HLS))
        page.evaluate(PLAIN_PLAYER, url)
        _wait_for_picture(page)
        yield page


@contextmanager
def _page(browser: Any, viewport: dict[str, int], **options: Any) -> Iterator[Any]:
    context = browser.new_context(viewport=viewport, locale="en", **options)
    try:
        yield context.new_page()
    finally:
        context.close()


def _wait_for_picture(page: Any) -> None:
    # Polled from here: the pages' own policy forbids what wait_for_function does.
    page.wait_for_selector("video", state="attached")
    watching.begin(page)
    give_up = time.time() + FIRST_PICTURE_SECONDS
    while not page.evaluate("window.pictures.some(([, captured]) => captured)"):
        if time.time() > give_up:
            raise AssertionError(f"no picture within {FIRST_PICTURE_SECONDS} s: {page.url}")
        page.wait_for_timeout(100)
