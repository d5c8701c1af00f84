// A socket.io-client of npm in Node.js: node client.mjs PLAN

import { createRequire } from 'node:module';
import { run } from './scenario.mjs';

const require = createRequire(import.meta.url);
const plan = JSON.parse(process.argv[2]);
const { Manager } = require(plan.module);
const { version } = require(`../../../../node_modules/${plan.module}/package.json`); // which some of them do not export

console.log(`client socket.io-client ${version}`);
await run(
  plan,
  { Manager, options: plan.msgpack ? { parser: require('socket.io-msgpack-parser') } : {}, binary: (bytes) => Buffer.from(bytes) },
  (step, why) => console.log(why ? `not ok ${step}: ${why}` : `ok ${step}`),
);
process.exit(0); // whatever a client may still wait for
