"""A pytest plugin, or a module to import first: who imports socketio or flask_socketio gets the kit."""

import importlib.util
import sys

import siohub.socketio
import siohub.socketio.exceptions

sys.modules["socketio"] = siohub.socketio
sys.modules["socketio.exceptions"] = siohub.socketio.exceptions
if importlib.util.find_spec("flask"):
    import siohub.flask_socketio

    sys.modules["flask_socketio"] = siohub.flask_socketio
