"""The one settings file. What an operator may change comes from `engagement.env`."""

import django_stubs_ext
from django.utils.translation import gettext_lazy as _

from engagement import env

django_stubs_ext.monkeypatch()  # lets Django's generic classes be written with their type, as in `ModelForm[Member]`

ENV = env.read()
ROOT = env.ROOT

DEBUG = ENV.debug
SECRET_KEY = ENV.secret_key
ALLOWED_HOSTS = list(ENV.allowed_hosts)
BASE_URL = ENV.base_url
TRUST_PROXY = ENV.trust_proxy
CSRF_TRUSTED_ORIGINS = [BASE_URL]
DATA_DIR = ENV.data_dir
ROOT_URLCONF = "engagement.urls"
WSGI_APPLICATION = "engagement.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "experiments",
    "backlog",
    "engagement.messaging",
    "engagement.customers",
    "engagement.accounts",
    "engagement.core",
    "engagement.core.apps.ReadOnlyAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "csp",
    "django_cotton",
    "django_filters",
    "django_htmx",
    "django_q",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "lucide",
    "rest_framework",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "engagement.core.middleware.LoopbackCookies",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "engagement.accounts.middleware.MemberTimeZone",
    "engagement.core.middleware.Refusals",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "engagement.accounts.context.workspace",
                "backlog.context.counts",
            ],
            "builtins": ["lucide.templatetags.lucide", "engagement.core.templatetags.formats"],
        },
    }
]
COTTON_DIR = "components"

# --- rows -----------------------------------------------------------------------------------------------------------
DATABASES = {"default": ENV.database}
DATABASE_OPTIONS = ENV.database.get("OPTIONS", {})  # what DATABASE_URL says, such as sslmode; it has the last word
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Opening the file costs more than a decision that reads one row; not for ever, for a file may be put in its place.
    DATABASES["default"]["CONN_MAX_AGE"] = 60 if env.is_web_process else 0
    DATABASES["default"]["OPTIONS"] = {
        # IMMEDIATE: a transaction that will write waits its turn at the start instead of failing half-way.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        **DATABASE_OPTIONS,
    }
else:
    DATABASES["default"]["OPTIONS"] = {
        # Compiling a page's query to machine code takes longer than running it: at 10,000 ideas most of a second.
        "options": "-c jit=off",
        # Threads of one process share connections. Only there: a pool shared over fork would break the job cluster.
        **({"pool": {"min_size": 1, "max_size": 16}} if env.is_web_process else {}),
        **DATABASE_OPTIONS,
    }

# --- store ----------------------------------------------------------------------------------------------------------
WAREHOUSE_ENGINE = ENV.warehouse_engine
WAREHOUSE_MEMORY = ENV.warehouse_memory
WAREHOUSE_DIR = DATA_DIR / "warehouse"
TRACK_CALLS_PER_S = ENV.track_calls_per_s
WEBHOOK_ALLOW_PRIVATE = ENV.webhook_allow_private
FILE_READERS = {  # what a file through the browser may hold, and who reads it
    "customers": "engagement.customers.services.file_uploads.customers",
    "events": "engagement.customers.services.file_uploads.events",
    "exposures": "experiments.services.exposure_imports.read_upload",
}
ERASERS = ["experiments.services.erasure.forget"]  # what upper floors keep of a customer, by dotted name
# By dotted name, for customers know no experiments: which exposures there may be, how a bandit drew them, who has what.
EXPOSURE_RECOGNISER = "experiments.services.recognition.recognise"
EXPOSURE_DRAWER = "experiments.services.recognition.drawn"
EXPOSURE_NAMER = "experiments.services.recognition.names"
EXPOSURE_CHECKER = "experiments.services.recognition.has_variant"
MEDIA_ROOT = DATA_DIR / "uploads"
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000_000

# --- jobs -----------------------------------------------------------------------------------------------------------
LONGEST_JOB_S = 3600
Q_CLUSTER = {
    "name": "icebreaker",
    "orm": "default",
    "workers": 1,
    "timeout": LONGEST_JOB_S,
    "retry": LONGEST_JOB_S + 300,
    "max_attempts": 3,
    "poll": 0.5,
    "ack_failures": True,
    "save_limit": 1000,
    "catch_up": False,
    "label": "Jobs",
    "log_level": "WARNING",
}

# --- people ---------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.Member"
AUTHENTICATION_BACKENDS = ["engagement.accounts.backends.MemberBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "engagement.accounts.adapter.InvitationAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_FORMS = {
    "login": "engagement.accounts.forms.SignInForm",
    "signup": "engagement.accounts.forms.SignupForm",
    "reset_password": "engagement.accounts.forms.ForgottenPasswordForm",
    "reset_password_from_key": "engagement.accounts.forms.NewPasswordForm",
    "change_password": "engagement.accounts.forms.ChangePasswordForm",
}
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # the invitation reached the address: it is the proof
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if TRUST_PROXY else 0  # whom rate limits count: the visitor, not the proxy

# --- mail -----------------------------------------------------------------------------------------------------------
EMAIL_BACKEND = ENV.email["EMAIL_BACKEND"]
EMAIL_HOST = ENV.email["EMAIL_HOST"]
EMAIL_PORT = ENV.email["EMAIL_PORT"]
EMAIL_HOST_USER = ENV.email["EMAIL_HOST_USER"]
EMAIL_HOST_PASSWORD = ENV.email["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS = ENV.email["EMAIL_USE_TLS"]
EMAIL_USE_SSL = ENV.email["EMAIL_USE_SSL"]
EMAIL_TIMEOUT = ENV.email["EMAIL_TIMEOUT"] or 20
DEFAULT_FROM_EMAIL = ENV.email.get("DEFAULT_FROM_EMAIL", "icebreaker@localhost")

# --- words, time ----------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [ROOT / "locale"]
FORMAT_MODULE_PATH = ["engagement.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- files ----------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [ROOT / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "engagement.core.finders.PackageAssets",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG

# --- safety ---------------------------------------------------------------------------------------------------------
# Cookies are secure and HSTS is sent outside debug; `LoopbackCookies` tells the one exception.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 0 if DEBUG else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = False
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUST_PROXY else None
X_FRAME_OPTIONS = "SAMEORIGIN"  # message previews are framed by our own pages
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "frame-src": ["'self'"],
        "frame-ancestors": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
    }
}

# --- API ------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "engagement.accounts.api.KeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "engagement.core.api.Newest",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "engagement.core.api.problem_details",
    "PAGE_SIZE": 50,
    "COERCE_DECIMAL_TO_STRING": False,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Icebreaker",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "IdeaStateEnum": "backlog.choices.IdeaState",
        "IdeaChannelEnum": "backlog.choices.Channel",
        "CustomerChannelEnum": "engagement.customers.choices.Channel",
        "RoundStateEnum": "backlog.choices.RoundState",
        "ExperimentKindEnum": "experiments.choices.ExperimentKind",
        "ExperimentStateEnum": "experiments.choices.STATE_CHOICES",
        "MetricKindEnum": "experiments.choices.MetricKind",
        "DecisionKindEnum": "experiments.choices.DecisionKind",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
