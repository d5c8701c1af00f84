// TLS and tokens against a real hub: who is trusted, who is not, and what changes while the process runs.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { attach } from "./support/fake-hub.mjs";
import { Hub, until } from "./support/hub.mjs";

const dir = mkdtempSync(join(tmpdir(), "siohub-tls-"));
const at = (name) => join(dir, name);
const openssl = (...args) => execFileSync("openssl", args, { cwd: dir, stdio: ["ignore", "ignore", "pipe"] });

function ca(name) {
  openssl(
    ...`req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=${name} -keyout ${name}.key -out ${name}.pem`.split(
      " ",
    ),
  );
}

function certificate(issuer, name, san) {
  openssl(
    ...`req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=${name} -keyout ${name}.key -out ${name}.csr`.split(" "),
  );
  writeFileSync(at(`${name}.ext`), `subjectAltName=${san}\n`);
  openssl(
    ...`x509 -req -in ${name}.csr -CA ${issuer}.pem -CAkey ${issuer}.key -CAcreateserial -days 2 -extfile ${name}.ext -out ${name}.pem`.split(
      " ",
    ),
  );
}

const TOKENS = ["token-number-one-of-chat", "token-number-two-of-chat"];
let hub;
let strict;
before(async () => {
  for (const name of ["ca", "other"]) ca(name);
  certificate("ca", "hub", "DNS:hub.test,IP:127.0.0.1");
  certificate("ca", "elsewhere", "DNS:elsewhere.test");
  certificate("ca", "chat", "DNS:chat.test");
  certificate("other", "stranger", "DNS:stranger.test");
  writeFileSync(at("tokens"), `chat: ${TOKENS[0]}\n`, { mode: 0o600 });
  const flags = [`--control-tls-cert=${at("hub.pem")}`, `--control-tls-key=${at("hub.key")}`];
  hub = await Hub.start({ flags: [...flags, `--control-tokens-file=${at("tokens")}`] });
  strict = await Hub.start({ flags: [...flags, `--control-tls-client-ca=${at("ca.pem")}`] });
});
after(async () => {
  await Promise.all([hub?.stop(), strict?.stop()]);
  rmSync(dir, { recursive: true });
});

const TLS = { ca: at("ca.pem") };

/** What comes of an attempt to attach: true, or the error that is told. */
async function outcome(t, address, options) {
  const told = attach(address, options);
  t.after(() => told.core.abort());
  let ended;
  told.running.catch((error) => {
    ended = error;
  });
  await until(() => told.attached.length > 0 || ended || told.warnings.length > 0, "an outcome");
  return told.attached.length > 0 || ended || told.warnings[0][1].err;
}

for (const transport of ["http2", "grpc-js"]) {
  test(`the hub's certificate is verified (${transport})`, async (t) => {
    const to = (tls, address = hub.address) => outcome(t, address, { transport, token: TOKENS[0], tls });
    assert.equal(await to(TLS), true);
    assert.equal(await to({ ...TLS, serverName: "hub.test" }), true);
    assert.match((await to({ ca: at("other.pem") })).message, /certificate/);
    assert.match((await to(true)).message, /certificate/);
    assert.match((await to({ ...TLS, serverName: "other.test" })).message, /does not match|altnames/);
  });

  test(`a client certificate is shown, and its lack is told (${transport})`, async (t) => {
    const to = (tls) => outcome(t, strict.address, { transport, tls });
    assert.equal(await to({ ...TLS, cert: at("chat.pem"), key: at("chat.key") }), true);
    assert.match((await to(TLS)).message, /certificate required/);
    assert.match((await to({ ...TLS, cert: at("stranger.pem"), key: at("stranger.key") })).message, /unknown ca/);
  });

  test(`a hub with TLS does not take a connection in the clear (${transport})`, async (t) => {
    assert.equal((await outcome(t, strict.address, { transport })).code, "UNAVAILABLE");
  });

  test(`a wrong token ends the run, another one in the file attaches again (${transport})`, async (t) => {
    const base = { transport, tls: TLS };
    assert.equal((await outcome(t, hub.address, { ...base, token: "nobody's token, but long" })).reason, "TOKEN_WRONG");
    assert.equal((await outcome(t, hub.address, base)).reason, "TOKEN_MISSING");
    writeFileSync(at("token"), `${TOKENS[0]}\n`);
    const told = attach(hub.address, { ...base, token: undefined }, { HUB_TOKEN_FILE: at("token") });
    t.after(() => told.core.abort());
    await until(() => told.attached.length === 1, "the stream");
    writeFileSync(at("tokens"), `chat: ${TOKENS[1]}\n`);
    await until(() => told.detached.length === 1, "the end of the old token");
    assert.equal(told.detached[0].reason, "TOKEN_REVOKED");
    assert.deepEqual(told.attached, [false]);
    writeFileSync(at("token"), `${TOKENS[1]}\n`);
    await until(() => told.attached.length === 2, "the stream with the new token", 40_000);
    assert.deepEqual(told.attached, [false, false], "a credential that ends takes the attachment with it");
    writeFileSync(at("tokens"), `chat: ${TOKENS[0]}\n`); // for the next one
    await until(() => told.detached.length === 2, "the end of the second token");
  });
}
