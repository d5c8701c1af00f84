"""The surfaces of python-socketio and Flask-SocketIO over a hub.

    base.py       what both servers share: handlers, rooms, environ, options
    aserver.py    AsyncServer, on the application's loop (hosted.py)
    server.py     Server, for threads, gevent and eventlet (threaded.py)
    dispatch.py   what becomes of a delivery (admission.py: who is let in)
    forks.py      what becomes of servers in forked processes
    mirror.py     the sockets that this process holds, true in the same tick
    apps.py       ASGIApp, WSGIApp

Nothing here but dispatch.py and admission.py knows the contract.
"""
