"""Pages of rooms: `watching` for everybody, `studio` for anchors."""
