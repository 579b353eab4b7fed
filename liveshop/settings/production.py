"""Behind TLS. Refuses to start without its secrets and services."""

from liveshop.settings import environment as env
from liveshop.settings.base import *  # noqa: F403

SECRET_KEY = env.text("SECRET_KEY")
STREAM_SIGNING_KEY = env.text("STREAM_SIGNING_KEY")
SANDBOX_WEBHOOK_SECRET = env.text("SANDBOX_WEBHOOK_SECRET", "")
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS")
BASE_URL = env.text("BASE_URL").rstrip("/")
CSRF_TRUSTED_ORIGINS = [BASE_URL, *env.items("CSRF_TRUSTED_ORIGINS")]

SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrf"

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = env.text("EMAIL_HOST", "localhost")
EMAIL_PORT = env.number("EMAIL_PORT", 25)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS")
# A mail server that does not answer holds up one mail for so many seconds.
EMAIL_TIMEOUT = 20
LOG_JSON = True
DEMO_ALLOWED = env.flag("DEMO")
