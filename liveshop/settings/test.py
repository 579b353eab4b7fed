"""Real PostgreSQL and Redis; only the speed of password hashing and the mail box differ."""

import os

from liveshop.settings.base import *  # noqa: F403
from liveshop.settings.base import CELERY, DATABASES

SECRET_KEY = "a key for tests only"  # noqa: S105
STREAM_SIGNING_KEY = "a stream key for tests only"
SANDBOX_WEBHOOK_SECRET = "a webhook secret for tests only"  # noqa: S105
ALLOWED_HOSTS = ["*"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# Two test runs may share the servers: each has its own database and its own keys.
DATABASES["default"]["TEST"] = {"NAME": f"test_liveshop_{os.getpid()}"}
DATABASES["default"]["OPTIONS"].pop("pool", None)
REDIS_PREFIX = f"test-{os.getpid()}"
CELERY = {**CELERY, "task_always_eager": True, "task_eager_propagates": True}
WHITENOISE_AUTOREFRESH = True
STATIC_ROOT = None
