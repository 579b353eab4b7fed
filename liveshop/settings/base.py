"""What every environment shares."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from csp.constants import NONCE, NONE, SELF
from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

from liveshop.settings import environment as env

BASE_DIR = env.BASE_DIR
DATA_DIR = env.DATA_DIR

SECRET_KEY = ""
SECRET_KEY_FALLBACKS = env.items("SECRET_KEY_FALLBACKS")
DEBUG = False
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
BASE_URL = env.text("BASE_URL", f"http://127.0.0.1:{env.number('PORT', 8000)}").rstrip("/")

INSTALLED_APPS = [
    "liveshop",
    "core",
    "accounts",
    "ledger",
    "supply",
    "catalog",
    "promotion",
    "orders",
    "streaming",
    "rooms",
    "discovery",
    "insights",
    "demo",
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "channels",
    "csp",
    "django_htmx",
    "django_vite",
    "ninja",
    "template_partials",
]

MIDDLEWARE = [
    "core.logs.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "liveshop.csp.ContentPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "core.problems.ProblemMiddleware",
]

ROOT_URLCONF = "liveshop.urls"
ASGI_APPLICATION = "liveshop.asgi.application"
WSGI_APPLICATION = None

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context.identity",
                "rooms.context.show_notices",
            ],
            "builtins": [
                "core.templatetags.presentation",
                "core.templatetags.design",
                "template_partials.templatetags.partials",
            ],
        },
    }
]

DATABASES = {"default": env.database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.redis_url()
REDIS_PREFIX = "liveshop"
# Servers that rooms are spread over by their id; empty: the one above holds them all.
ROOM_REDIS_URLS = env.items("ROOM_REDIS_URLS")

# Accounts ------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_ADAPTER = "accounts.adapter.Adapter"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
EMAIL_SUBJECT_PREFIX = "[Liveshop] "
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Liveshop <no-reply@localhost>")

# Language and time ---------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.text("TIME_ZONE", "UTC")

# Files ---------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT: Path | None = DATA_DIR / "staticfiles"
STATICFILES_DIRS = [("dist", BASE_DIR / "static" / "dist"), BASE_DIR / "static" / "public"]
WHITENOISE_ROOT = BASE_DIR / "static" / "public"
MEDIA_URL = "/media/"
MEDIA_ROOT = DATA_DIR / "media"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DJANGO_VITE = {
    "default": {
        "dev_mode": False,
        "manifest_path": BASE_DIR / "static" / "dist" / "manifest.json",
        "static_url_prefix": "dist",
    }
}

# Security ------------------------------------------------------------------------------------
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
        "worker-src": [SELF],
        "connect-src": [SELF],
        "font-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# The back office -----------------------------------------------------------------------------
UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Liveshop",
    "SITE_HEADER": "Liveshop",
    "SITE_SYMBOL": "sensors",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("favicon.svg")},
    ],
    "DASHBOARD_CALLBACK": "insights.backoffice.dashboard",
    "SITE_URL": "/",
    "SHOW_LANGUAGES": True,
    "COLORS": {
        "base": {
            "50": "#f7f3ec", "100": "#efe9df", "200": "#dfd6c8", "300": "#c9bcaa", "400": "#968a7d",
            "500": "#766a5e", "600": "#5c5248", "700": "#38312b", "800": "#25201c", "900": "#1a1613",
            "950": "#100d0b",
        },
        "primary": {
            "50": "#fff3ee", "100": "#fde3d8", "200": "#fbc4b0", "300": "#ff9a78", "400": "#ff8a63",
            "500": "#ff6a3d", "600": "#cb320c", "700": "#a92807", "800": "#7d2a12", "900": "#5c1f0d",
            "950": "#3f1709",
        },
    },
}  # fmt: skip

# Background work -----------------------------------------------------------------------------
CELERY: dict[str, Any] = {
    "broker_url": env.text(
        "CELERY_BROKER_URL",
        REDIS_URL.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host="),
    ),
    "task_ignore_result": True,
    "task_acks_late": True,
    "task_time_limit": 300,
    "task_soft_time_limit": 240,
    "broker_transport_options": {"visibility_timeout": 900},
    "broker_connection_retry_on_startup": True,
    "worker_hijack_root_logger": False,
    "worker_prefetch_multiplier": 1,
    "timezone": "UTC",
    "beat_schedule_filename": str(DATA_DIR / "run" / "beat-schedule"),
    "beat_schedule": {
        "heartbeat": {"task": "core.tasks.heartbeat", "schedule": 5.0, "options": {"expires": 10}},
        "deadlines": {
            "task": "core.tasks.fire_deadlines",
            "schedule": 3.0,
            "options": {"expires": 6},
        },
        "reservations": {
            "task": "orders.tasks.expire_unpaid",
            "schedule": 5.0,
            "options": {"expires": 10},
        },
        "sandbox-webhooks": {
            "task": "orders.tasks.send_sandbox_webhooks",
            "schedule": 1.0,
            "options": {"expires": 2},
        },
        "webhook-inbox": {
            "task": "orders.tasks.process_webhooks",
            "schedule": 5.0,
            "options": {"expires": 10},
        },
        "payment-repair": {
            "task": "orders.tasks.repair_payments",
            "schedule": 5.0,
            "options": {"expires": 10},
        },
        "reminders": {
            "task": "rooms.tasks.tell_reminders",
            "schedule": 15.0,
            "options": {"expires": 30},
        },
        "streams": {
            "task": "rooms.tasks.watch_streams",
            "schedule": 3.0,
            "options": {"expires": 6},
        },
    },
}

# Business ------------------------------------------------------------------------------------
DEFAULT_CURRENCY = "CNY"
# Domain facts with their sources: docs/architecture.md, "Terms".
PLATFORM_FEE_BPS = env.number("PLATFORM_FEE_BPS", 500)
RESERVATION_PERIOD = timedelta(minutes=env.number("RESERVATION_MINUTES", 15))
REMORSE_PERIOD = timedelta(minutes=env.number("REMORSE_MINUTES", 60))
AUTO_CONFIRM_PERIOD = timedelta(days=7)
PAYMENT_PROVIDER = env.text("PAYMENT_PROVIDER", "sandbox")
# Seconds for one call to a provider; a buyer may be waiting. docs/payments.md explains the rest.
PAYMENT_TIMEOUT_SECONDS = env.number("PAYMENT_TIMEOUT_SECONDS", 8)
SANDBOX_WEBHOOK_SECRET = env.text("SANDBOX_WEBHOOK_SECRET", "")
STRIPE_SECRET_KEY = env.text("STRIPE_SECRET_KEY", "")
# Several, with commas, while a secret is rolled.
STRIPE_WEBHOOK_SECRETS = env.items("STRIPE_WEBHOOK_SECRETS")
STRIPE_API_URL = env.text("STRIPE_API_URL", "https://api.stripe.com").rstrip("/")
ALIPAY_APP_ID = env.text("ALIPAY_APP_ID", "")
ALIPAY_PRIVATE_KEY = env.text("ALIPAY_PRIVATE_KEY", "")
ALIPAY_PUBLIC_KEY = env.text("ALIPAY_PUBLIC_KEY", "")
ALIPAY_GATEWAY_URL = env.text("ALIPAY_GATEWAY_URL", "https://openapi.alipay.com/gateway.do")
STREAM_SIGNING_KEY = env.text("STREAM_SIGNING_KEY", "")
VIDEO_BACKEND = env.text("VIDEO_BACKEND", "embedded")
LOG_JSON = False
# Demo data have passwords that everybody knows.
DEMO_ALLOWED = True
