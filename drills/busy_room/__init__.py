"""A busy room in a real browser: 200 scripted viewers, 50 chat messages a second, a slow phone.

`crowd` is the viewers, in a process of their own; `page` what is measured in Chromium.
"""
