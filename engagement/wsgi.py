"""The WSGI application that granian serves."""

import os

from django.core.wsgi import get_wsgi_application

from engagement import env

env.is_web_process = True
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "engagement.settings")
application = get_wsgi_application()
