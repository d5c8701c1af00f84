// The page of @socket.io/admin-ui in headless Chromium: it comes from another origin, logs in, shows, and its buttons do what they
// say, which the hub is asked about.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { begin, choose, end, eventually, go, join, LIMIT, login, open, roomsOf, startAdminHub } from './admin_ui.mjs';

before(begin);
after(end);

describe('the page of the Admin UI', { ...LIMIT, concurrency: false }, () => {
  it('is not let in with a wrong password, and is with the right one', async () => {
    const hub = await startAdminHub();
    const page = await open();
    await login(page, hub, 'wrong');
    await page.getByText('Invalid credentials').waitFor();
    await login(page, hub);
    await page.getByRole('button', { name: 'Connect' }).waitFor({ state: 'hidden' });
    await page.getByText('Servers').first().waitFor();
    await page.reload(); // with the session of the login
    await page.getByText('connected', { exact: false }).first().waitFor();
    assert.equal(await page.getByLabel('Password').isVisible(), false);
    await page.context().close();
  });

  it('shows servers, sockets, rooms and events, and its buttons do what they say', async () => {
    const hub = await startAdminHub('--admin-ui-read-only=false', '--admin-ui-server-id=hub-one');
    const first = await join(hub);
    const second = await join(hub);
    const page = await open();
    await login(page, hub);
    await page.getByRole('button', { name: 'Connect' }).waitFor({ state: 'hidden' });
    await go(page, '#/servers/');
    await page.getByRole('cell', { name: 'hub-one' }).waitFor();

    await go(page, '#/sockets/');
    await choose(page, '/mirror');
    const row = (id) => page.getByRole('row').filter({ hasText: id });
    await row(first.id).waitFor();
    await row(second.id).waitFor();
    assert.equal((await page.content()).includes('geheim'), false);

    // join, with the form of a socket
    await go(page, `#/n/${encodeURIComponent('/mirror')}/sockets/${first.id}`);
    await page.getByLabel('Join a room').fill('blue');
    await page.locator('form button[type=submit]:visible').last().click();
    await eventually(() => roomsOf(hub, first.id), ['blue']);
    await row('blue').first().waitFor();
    if (process.env.E2E_SCREENSHOT) await page.screenshot({ path: `${process.env.E2E_SCREENSHOT}-socket.png` });

    // what it emits is shown
    first.emit('hello', { a: 1 });
    await go(page, '#/events/');
    await page.getByText('hello').first().waitFor();
    if (process.env.E2E_SCREENSHOT) await page.screenshot({ path: `${process.env.E2E_SCREENSHOT}-events.png` });

    // leave, with the button in the list of rooms
    await go(page, `#/n/${encodeURIComponent('/mirror')}/sockets/${first.id}`);
    await row('blue').first().getByRole('button').click();
    await eventually(() => roomsOf(hub, first.id), []);

    // disconnect, with the button in the list of sockets; the page then shows the socket that it was
    await go(page, '#/sockets/');
    const { id } = second;
    const gone = once(second, 'disconnect');
    await row(id).getByRole('button').click();
    assert.equal((await gone)[0], 'io server disconnect');
    await eventually(() => roomsOf(hub, id), 'gone');
    await page.getByRole('row').filter({ hasText: 'disconnected' }).first().waitFor();
    await go(page, '#/sockets/');
    await row(first.id).waitFor();
    await row(id).waitFor({ state: 'detached' });
    assert.equal(first.connected, true);
    if (process.env.E2E_SCREENSHOT) {
      await page.screenshot({ path: `${process.env.E2E_SCREENSHOT}-sockets.png` });
      await go(page, '#/');
      await page.getByText('hub-one').or(page.getByText('Servers')).first().waitFor();
      await new Promise((resolve) => setTimeout(resolve, 4500)); // for two seconds of counts, and the animation of the chart
      await page.screenshot({ path: `${process.env.E2E_SCREENSHOT}-dashboard.png` });
    }
    await page.context().close();
  });

  it('has no buttons with read_only, and what it says nevertheless is not done', async () => {
    const hub = await startAdminHub();
    const socket = await join(hub);
    const page = await open();
    await login(page, hub);
    await page.getByRole('button', { name: 'Connect' }).waitFor({ state: 'hidden' });
    await go(page, '#/sockets/');
    await choose(page, '/mirror');
    const row = page.getByRole('row').filter({ hasText: socket.id });
    await row.waitFor();
    assert.equal(await row.getByRole('button').count(), 0);
    await go(page, `#/n/${encodeURIComponent('/mirror')}/sockets/${socket.id}`);
    await page.getByLabel('Join a room').fill('blue'); // the page has this form in any case
    await page.locator('form button[type=submit]:visible').last().click();
    await hub.printed(/may do nothing.*action=join.*admin_ui.read_only/);
    assert.deepEqual(await roomsOf(hub, socket.id), []);
    await page.context().close();
  });
});
