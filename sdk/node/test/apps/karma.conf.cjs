// Karma behind a proxy at PORT, with Chromium.
module.exports = (config) =>
  config.set({
    basePath: __dirname,
    frameworks: ["mocha"],
    files: ["karma.spec.js"],
    browsers: ["Headless"],
    reporters: ["dots"],
    singleRun: true,
    hostname: "127.0.0.1",
    port: Number(process.env.APP_PORT),
    upstreamProxy: { hostname: "127.0.0.1", port: Number(process.env.PORT), path: "/", protocol: "http:" },
    customLaunchers: { Headless: { base: "ChromeHeadless", flags: ["--no-sandbox"] } },
  });
