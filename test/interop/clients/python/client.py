"""python-socketio as a client, with threads or with asyncio: client.py PLAN

The steps are written once, for asyncio; the client with threads is called in threads.
"""

import asyncio
import importlib.metadata
import json
import os
import sys

import socketio

WORDS = 'grüße 🌍 \u2028"\\\n\n:'
MOST_TIME = 40  # seconds for a step
TRANSPORTS = {'polling': ['polling'], 'websocket': ['websocket'], 'upgrade': ['polling', 'websocket']}
QUICKLY = {'reconnection_delay': 0.01, 'reconnection_delay_max': 0.1, 'randomization_factor': 0}


class Sync:
    """A client with threads."""

    def __init__(self):
        self.client = socketio.Client(**QUICKLY, handle_sigint=False)

    def on(self, event, namespace, handle):
        self.client.on(event, handle, namespace=namespace)

    async def do(self, name, *args, **kwargs):
        return await asyncio.to_thread(getattr(self.client, name), *args, **kwargs)


class Async:
    """A client of asyncio."""

    def __init__(self):
        self.client = socketio.AsyncClient(**QUICKLY, handle_sigint=False)

    def on(self, event, namespace, handle):
        self.client.on(event, handle, namespace=namespace)

    async def do(self, name, *args, **kwargs):
        return await getattr(self.client, name)(*args, **kwargs)


class Visit:
    """The connections of one step."""

    def __init__(self, plan):
        self.plan = plan
        self.clients = []

    def client(self):
        client = Sync() if self.plan['module'] == 'sync' else Async()
        self.clients.append(client)
        return client

    async def connect(self, client, namespaces, **auth):
        await client.do('connect', self.plan['url'], auth={'user': self.plan['user'], **auth}, namespaces=namespaces,
                        transports=TRANSPORTS[self.plan['transport']], wait_timeout=MOST_TIME)

    async def join(self):
        """A client that is in, and what it hears."""
        client = self.client()
        client.heard = {event: heard(client, event) for event in ('welcome', 'said', 'told', 'connect', 'disconnect')}
        await self.connect(client, ['/mirror'])
        equal(client.client.transport(), TRANSPORTS[self.plan['transport']][-1])
        return client

    async def end(self):
        for client in self.clients:
            await client.do('shutdown')


def heard(client, event, answer=None):
    """A queue with the arguments of every such event, which are answered."""
    loop, queue = asyncio.get_running_loop(), asyncio.Queue()

    def handle(*args):
        loop.call_soon_threadsafe(queue.put_nowait, args)
        return answer(*args) if answer else None

    client.on(event, '/mirror', handle)
    return queue


def equal(got, want):
    if got != want:
        raise AssertionError(f'got {got!r:.300}, want {want!r:.300}')


async def said(client, *args):
    await client.do('emit', 'say', args, namespace='/mirror')
    equal(await client.heard['said'].get(), args)


async def asked(client, event, *args, namespace='/mirror'):
    return await client.do('call', event, args, namespace=namespace, timeout=MOST_TIME)


async def auth(visit):
    client = await visit.join()
    welcome = await client.heard['welcome'].get()
    equal(welcome[:2], (visit.plan['user'], TRANSPORTS[visit.plan['transport']][0]))


async def refusal(visit):
    client = visit.client()
    refusals = heard(client, 'connect_error')
    try:
        await visit.connect(client, ['/mirror'], token='wrong')
        raise AssertionError('it was let in')
    except socketio.exceptions.ConnectionError:
        equal(await refusals.get(), ({'message': 'that is not the word', 'data': {'code': 'WRONG', 'tries': 3}},))


async def text(visit):
    client = await visit.join()
    await said(client, WORDS)
    await said(client, {'words': WORDS, 'list': [1, -2.5, None, [], True], 'deep': {'a': {'b': {}}}}, 'and')
    await said(client, WORDS * 2000)


async def binary(visit):
    client = await visit.join()
    data = bytes([0, 255, 30, 58, 128])
    await said(client, data)
    await said(client, {'file': {'bytes': data, 'list': [data, WORDS]}}, WORDS, bytes([7]))
    await said(client, bytes(i % 251 for i in range(100_000)))


async def acks(visit):
    client = await visit.join()
    data = bytes([0, 255, 30])
    heard(client, 'question', lambda question: ({'to': question}, data))
    equal(await asked(client, 'echo', WORDS, 2), (WORDS, 2))
    equal(await asked(client, 'echo', {'bytes': data}, WORDS), ({'bytes': data}, WORDS))
    equal(await asked(client, 'ask', 'why?'), ({'to': 'why?'}, data))
    equal(await asked(client, 'ask', data), ({'to': data}, data))


async def namespaces(visit):
    client = visit.client()
    await visit.connect(client, ['/', '/mirror'])
    if client.client.get_sid('/') == client.client.get_sid('/mirror'):
        raise AssertionError('both have the same id')
    equal(await asked(client, 'echo', 1, namespace='/'), 1)
    equal(await asked(client, 'echo', 2), 2)


async def rooms(visit):
    room = f'{WORDS} {visit.plan["user"]}'
    a, b, c = [await visit.join() for _ in range(3)]
    for client in (a, b):
        equal(await asked(client, 'join', room), room)
    equal(await asked(c, 'tell', room, '', 'both'), 2)
    await asked(b, 'leave', room)
    equal(await asked(c, 'tell', room, '', WORDS), 1)
    told = []
    for client in (a, b, c):
        await asked(client, 'echo', 0)  # behind what was told
        queue = client.heard['told']
        told.append([queue.get_nowait()[0] for _ in range(queue.qsize())])
    equal(told, [['both', WORDS], ['both'], []])


async def heartbeat(visit):
    client = await visit.join()
    sid = client.client.get_sid('/mirror')
    await asked(client, 'rest')
    equal((client.heard['disconnect'].qsize(), client.client.get_sid('/mirror')), (0, sid))


async def reconnect(visit):
    client = await visit.join()
    sid = client.client.get_sid('/mirror')
    await client.heard['connect'].get()
    await client.do('emit', 'cut', 'nobody', namespace='/mirror')
    await client.heard['disconnect'].get()
    await client.heard['connect'].get()
    if client.client.get_sid('/mirror') == sid:
        raise AssertionError('it has the same id')
    equal(await asked(client, 'echo', WORDS), WORDS)


async def main():
    plan = json.loads(sys.argv[1])
    print('client python-socketio', importlib.metadata.version('python-socketio'), flush=True)
    for step in plan['steps']:
        visit = Visit(plan)
        try:
            await asyncio.wait_for(globals()[step](visit), MOST_TIME)
            print('ok', step, flush=True)
        except Exception as error:  # whatever it is, the next step may do
            print(f'not ok {step}: {type(error).__name__} {error}'.replace('\n', ' '), flush=True)
        finally:
            await asyncio.wait_for(visit.end(), MOST_TIME)
    os._exit(0)  # whatever a client may still wait for


asyncio.run(main())
