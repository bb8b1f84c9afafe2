"""Django settings of the driver: Tendenci's own, on the test's server and without the network.

One app is left out: social_services is the only one that needs PostGIS. Something else imports its
URLs, so an empty list stands in for them.
"""

import os
import sys
import types

from tendenci.settings import *  # noqa: F403

_urls = types.ModuleType("tendenci.apps.social_services.urls")
_urls.urlpatterns = []
sys.modules[_urls.__name__] = _urls

INSTALLED_APPS = [
    app
    for app in INSTALLED_APPS  # noqa: F405
    if app not in ("tendenci.apps.social_services", "django.contrib.gis")
]
SECRET_KEY = SITE_SETTINGS_KEY = "nobody minds when this one gets out"
ALLOWED_HOSTS = ["*"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": os.environ["PGHOST"],
        "USER": os.environ["PGUSER"],
        "NAME": os.environ["PGDATABASE"],
    }
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
LOGGING = {"version": 1, "disable_existing_loggers": True}
