// What karma.conf.cjs runs in the browser.
describe("arithmetic", () => {
  for (let i = 0; i < 50; i++) {
    it(`doubles ${i}`, () => {
      if (i + i !== 2 * i) throw new Error("no");
    });
  }
  it("waits", (done) => setTimeout(done, 50));
  it("fails", () => {
    throw new Error("on purpose");
  });
});
