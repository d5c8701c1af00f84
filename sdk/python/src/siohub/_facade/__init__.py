"""The surfaces of python-socketio and Flask-SocketIO over a hub.

    base.py       what both servers share: handlers, rooms, environ, options
    aserver.py    AsyncServer, on the application's loop
    server.py     Server, for threads, gevent and eventlet
    dispatch.py   what becomes of a delivery
    mirror.py     the sockets that this process holds, true in the same tick
    apps.py       ASGIApp, WSGIApp

Nothing here but dispatch.py knows the contract.
"""
