"""What keeps a process attached to its hubs: see runner.py, and the list in README.md.

    Core (runner.py)      a link for each address; ends when it is closed (tasks.py: what runs on its loop)
    Link (link.py)        keeps one address attached: dial, hello, backoff
    Stream (stream.py)    one connection, from its hello to its end
    Attachment            outlives a stream: outbox, results, work in hand
    Hubs (hubs.py)        which hub processes there are, and which are lost
    Peer (peer.py)        the sockets of one hub to which the program was introduced
    Line (line.py)        commands, and by ways.py which hub one goes to
    Work (work.py)        one delivery, until it is settled
    Wire (wire.py)        a connection: leanwire.py (http2.py, incoming.py, exchange.py), or grpcwire.py

All of it runs on one event loop and has no locks; other threads use Core.post. What the
program makes of a delivery is the business of who implements Program (program.py): the
typed service and the Socket.IO facades.
"""
