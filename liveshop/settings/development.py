"""One machine, one person, no secrets worth stealing; also what `make run` uses."""

from liveshop.settings import environment as env
from liveshop.settings.base import *  # noqa: F403
from liveshop.settings.secrets import local_secret

SECRET_KEY = env.text("SECRET_KEY", "") or local_secret(env.DATA_DIR / "secret_key")
SANDBOX_WEBHOOK_SECRET = env.text("SANDBOX_WEBHOOK_SECRET", "") or f"sandbox:{SECRET_KEY}"
STREAM_SIGNING_KEY = env.text("STREAM_SIGNING_KEY", "") or f"stream:{SECRET_KEY}"
DEBUG = env.flag("DEBUG")
ALLOWED_HOSTS = ["*"]
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = env.DATA_DIR / "mail"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
# Files are served from where they are built; nothing is collected.
STATIC_ROOT = None
