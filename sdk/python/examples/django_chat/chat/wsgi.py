"""The application: Django, with the server attached."""

import os

from django.core.wsgi import get_wsgi_application

import siohub.socketio as socketio

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat.settings")
django = get_wsgi_application()

from .sockets import sio  # noqa: E402

application = socketio.WSGIApp(sio, django)
