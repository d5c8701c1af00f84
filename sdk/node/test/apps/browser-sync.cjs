// Browsersync with the files of SITE behind a proxy at PORT.
const { create } = require(`${process.env.SIOHUB_NODE_APPS}/node_modules/browser-sync`);

create().init({
  server: process.env.SITE,
  files: [`${process.env.SITE}/*.html`],
  port: Number(process.env.APP_PORT),
  socket: { domain: `127.0.0.1:${process.env.PORT}` },
  open: false,
  ui: false,
  notify: false,
  logLevel: "silent",
});
