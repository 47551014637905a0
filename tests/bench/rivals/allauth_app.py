"""django-allauth, headless, as its documentation has it: a token for apps, sessions in the database, gunicorn.

An account has no role and no profile here.
"""

import os
from urllib.parse import unquote, urlsplit

import django
from django.conf import settings
from django.http import JsonResponse

_url = urlsplit(os.environ["DATABASE_URL"])

if not settings.configured:
    settings.configure(
        DEBUG=False,
        SECRET_KEY=os.environ["JWT_SECRET"],
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__,
        USE_TZ=True,
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "allauth",
            "allauth.account",
            "allauth.headless",
        ],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "allauth.account.middleware.AccountMiddleware",
        ],
        AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": _url.path.lstrip("/"),
                "USER": _url.username or "",
                "PASSWORD": unquote(_url.password or ""),
                "HOST": _url.hostname or "",
                "PORT": _url.port or "",
                "CONN_MAX_AGE": None,
            }
        },
        EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
        HEADLESS_ONLY=True,
        HEADLESS_CLIENTS=("app",),
        ACCOUNT_LOGIN_METHODS={"email"},
        ACCOUNT_SIGNUP_FIELDS=["email*", "password1*"],
        ACCOUNT_EMAIL_VERIFICATION="none",
        ACCOUNT_RATE_LIMITS=False,
    )
    django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402 - Django reads the settings first
from django.urls import include, path  # noqa: E402


def health(_: object) -> JsonResponse:
    """Say that it listens."""
    return JsonResponse({"status": "ok"})


urlpatterns = [path("health", health), path("_allauth/", include("allauth.headless.urls"))]
application = get_wsgi_application()

if __name__ == "__main__":
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
