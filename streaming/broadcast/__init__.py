"""A broadcaster without a camera: what the demo's rooms show, through the same door as a browser.

`loop` draws and encodes half a minute once, `sender` replays it for ever.
"""
