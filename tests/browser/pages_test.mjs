// Opens the pages of gtsa report in Chromium, from file://, and does what a reader does.
//   node pages_test.mjs MAKE_PAGES      exit code 0 passed, 1 failed, 77 skipped
// GTSA_SCREENSHOTS=DIR keeps pictures of the pages; GTSA_CHROMIUM names another browser of that family.
import assert from "node:assert/strict";
import {execFileSync} from "node:child_process";
import {existsSync, mkdirSync, mkdtempSync, rmSync} from "node:fs";
import {createRequire} from "node:module";
import {tmpdir} from "node:os";
import path from "node:path";
import {pathToFileURL} from "node:url";

function skip(why) {
  console.log(`SKIPPED: ${why}; scripts/setup.sh --browser brings it`);
  process.exit(77);
}

const web = path.join(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), "../../web/package.json");
let chromium;
try {
  ({chromium} = createRequire(web)("playwright-core"));
} catch {
  skip("playwright-core is absent");
}
const browserPath = [
  process.env.GTSA_CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"
].find((candidate) => candidate && existsSync(candidate));
if (!browserPath) skip("Chromium is absent");

const make = process.argv[2];
const folder = mkdtempSync(path.join(tmpdir(), "gtsa-pages-"));
const address = (name) => pathToFileURL(path.join(folder, name)).href;
const screenshots = process.env.GTSA_SCREENSHOTS;
if (screenshots) mkdirSync(screenshots, {recursive: true});

/// A page whose errors are collected: of scripts, of the console, and every request that is no file of ours.
async function open(browser, name, {width = 1280, colorScheme = "light", mayMiss = false} = {}) {
  const context = await browser.newContext({viewport: {width, height: 900}, colorScheme});
  const page = await context.newPage();
  page.errors = [];
  page.on("pageerror", (error) => page.errors.push(String(error)));
  page.on("console", (message) => {
    const expected = mayMiss && message.text().includes("ERR_FILE_NOT_FOUND");
    if (["error", "warning"].includes(message.type()) && !expected) page.errors.push(message.text());
  });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith("data:") && !url.startsWith(address(""))) page.errors.push(`asked for ${url}`);
  });
  page.on("dialog", (dialog) => {
    page.errors.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  await page.goto(address(name));
  return page;
}

async function close(page) {
  assert.deepEqual(page.errors, []);
  await page.context().close();
}

async function fits(page) {
  const [inner, outer] =
      await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(inner <= outer, `${inner} pixels wide in a window of ${outer}`);
}

/// Waits until what `look` sees in the page satisfies `enough`; the last sight is in the failure.
async function sees(page, look, enough, what) {
  let sight;
  const deadline = Date.now() + 20000;
  while (Date.now() < deadline) {
    try {
      sight = await page.evaluate(look);
      if (enough(sight)) return sight;
    } catch { /* the page is loading itself anew */
    }
    await page.waitForTimeout(50);
  }
  assert.fail(`${what}: last seen ${JSON.stringify(sight)}`);
}

const text = (page, selector) => page.locator(selector).first().innerText();
/// Share of the canvas's pixels that are drawn upon.
const drawn = (page, selector) => page.locator(selector).first().evaluate((canvas) => {
  const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let i = 3; i < data.length; i += 4) count += data[i] > 0;
  return count / (data.length / 4);
});

const tests = {
  async "pages fit every window, light and dark, and load nothing"(browser) {
    for (const name of ["report.html", "two.html", "long.html", "tuned.html", "similarity.html"]) {
      for (const width of [360, 390, 800, 1280, 2200]) {
        for (const colorScheme of ["light", "dark"]) {
          const page = await open(browser, name, {width, colorScheme});
          await fits(page);
          if (screenshots && [390, 1280].includes(width)) {
            await page.screenshot(
                {path: path.join(screenshots, `${name}-${width}-${colorScheme}.png`), fullPage: true});
          }
          await close(page);
        }
      }
    }
  },

  async "a curve says its value under the cursor, in all charts at once"(browser) {
    const page = await open(browser, "report.html");
    const chart = page.locator('[data-name="loss_rotation"]');
    await chart.scrollIntoViewIfNeeded();
    assert.ok(await drawn(page, '[data-name="loss_rotation"] canvas') > 0.01);
    const before = await chart.locator(".at").innerText();
    assert.equal(before, "step 399");
    const plot = await chart.locator(".u-over").boundingBox();
    await page.mouse.move(plot.x + plot.width / 2, plot.y + plot.height / 2);
    const at = await chart.locator(".at").innerText();
    const step = Number(at.replace(/\D/g, ""));
    assert.ok(step > 150 && step < 250, at);
    const value = Number(await chart.locator(".values").innerText());
    assert.ok(Math.abs(value - (1.38 - 0.001 * step)) < 0.21, `${value} at ${at}`);
    assert.equal(await page.locator('[data-name="lr"] .at').innerText(), at);
    await close(page);
  },

  async "dragging zooms all charts, a double click shows all again"(browser) {
    const page = await open(browser, "report.html");
    const range = () =>
        page.evaluate(() => charts.charts.map((chart) => chart.plot.scales.x.max - chart.plot.scales.x.min));
    const whole = await range();
    const plot = await page.locator('[data-name="loss"] .u-over').boundingBox();
    await page.mouse.move(plot.x + plot.width * 0.25, plot.y + 50);
    await page.mouse.down();
    await page.mouse.move(plot.x + plot.width * 0.5, plot.y + 60, {steps: 5});
    await page.mouse.up();
    const zoomed = await sees(
        page, () => charts.charts.map((chart) => chart.plot.scales.x.max - chart.plot.scales.x.min),
        (ranges) => ranges[0] < 150, "zoom");
    assert.ok(zoomed.every((width) => width < 150), JSON.stringify(zoomed));
    await page.mouse.dblclick(plot.x + 50, plot.y + 50);
    await sees(
        page, () => charts.charts.map((chart) => chart.plot.scales.x.max - chart.plot.scales.x.min),
        (ranges) => Math.abs(ranges[0] - whole[0]) < 1, "all again");
    await close(page);
  },

  async "hovering a pair of views shows their overlap in the photograph and in both"(browser) {
    const page = await open(browser, "report.html");
    const marks = () => page.locator(".crops rect.overlap").count();
    assert.equal(await marks(), 0);
    await page.locator(".chips button").first().hover();
    assert.equal(await marks(), 3);
    await page.mouse.move(2, 2);
    assert.equal(await marks(), 0);
    await page.locator(".chips button").nth(1).click();
    await page.mouse.move(2, 2);
    assert.equal(await marks(), 3, "a pressed pair stays");
    await close(page);
  },

  async "every kind of artefact has its place, and hostile names are but text"(browser) {
    const page = await open(browser, "report.html");
    const whole = await page.locator("main").innerText();
    for (const words
             of ["Evaluations, before and after", "before training", "\u00d71.50", "Rotation: 61% right", "never seen",
                 "absent", "loss crop is nan", "gtsa_reference.toml:4", "a processor", "head 2",
                 "where the geometry says"]) {
      assert.ok(whole.includes(words), words);
    }
    assert.ok(whole.includes("<img src=x onerror=alert(1)></script><!--.jpg"));
    assert.equal(await page.locator("main img[src=x]").count(), 0);
    await page.locator(".matches g").first().hover({force: true});
    assert.match(await text(page, ".pairs figcaption"), /similarity 0\.\d+/);
    await close(page);
  },

  async "a fine-tuned run shows its classes, what is confused, and segmented photographs"(browser) {
    const page = await open(browser, "tuned.html");
    const whole = await page.locator("main").innerText();
    for (const words of ["Classes told apart", "0.710", "All 60 classes", "Most confused", "Semantic segmentation",
                         "0.306", "<b>sky</b>", "prediction, mIoU 0.450"]) {
      assert.ok(whole.includes(words), words);
    }
    assert.equal(await page.locator(".segmented img").count(), 3);
    assert.ok(await drawn(page, "canvas.matrix") > 0.99);
    const matrix = page.locator("canvas.matrix").nth(1);
    await matrix.scrollIntoViewIfNeeded();
    const box = await matrix.boundingBox();
    await page.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.1);
    assert.match(await page.locator(".said").nth(1).innerText(), /^hill taken for <b>sky<\/b>: 50 of 100 pixels/);
    await close(page);
  },

  async "matrices follow the colour scheme, and shown anew they add no listeners"(browser) {
    const page = await open(browser, "tuned.html");
    const matrix = () => document.querySelector("canvas.matrix").toDataURL();
    const light = await page.evaluate(matrix);
    const added = await page.evaluate(() => {
      const add = MediaQueryList.prototype.addEventListener;
      let count = 0;
      MediaQueryList.prototype.addEventListener = () => ++count;
      const before = document.querySelector("canvas.matrix");
      gtsaUpdate({...page, written: "later"});
      MediaQueryList.prototype.addEventListener = add;
      return before.isConnected ? "nothing is shown anew" : count;
    });
    assert.equal(added, 0);
    await page.emulateMedia({colorScheme: "dark"});
    await sees(page, matrix, (dark) => dark !== light, "dark");
    await page.emulateMedia({colorScheme: "light"});
    await sees(page, matrix, (again) => again === light, "light again");
    await close(page);
  },

  async "runs are compared: curves overlaid, tables side by side, differences first"(browser) {
    const page = await open(browser, "two.html");
    assert.deepEqual(
        (await text(page, '[data-name="loss"] .values')).split(/\s+/).filter((word) => /[a-z]/.test(word)),
        ["run", "other"]);
    assert.equal(await page.locator("#probes thead tr").first().locator("th[colspan]").count(), 2);
    assert.match(await text(page, "#differences"), /schedule.total_steps\s+400\s+300/);
    await close(page);
  },

  async "an open page shows what a followed run adds, and keeps its place"(browser) {
    const page = await open(browser, "follow.html", {mayMiss: true});
    assert.match(await text(page, ".facts"), /400 of 400/);
    await page.evaluate(() => scrollTo(0, 300));
    await page.evaluate(() => {
      window.stillTheSame = true;
    });
    execFileSync(make, [folder, "more"]);
    await sees(
        page, () => document.querySelector(".facts").innerText,
        (facts) => /450 of 400/.test(facts) && /7\.500/.test(facts), "new points");
    assert.equal(await page.evaluate(() => charts.charts[0].plot.data[0].at(-1)), 449);
    assert.equal(await page.evaluate(() => window.stillTheSame && scrollY), 300, "not loaded anew");
    execFileSync(make, [folder, "pictures"]);
    await sees(
        page, () => [window.stillTheSame === undefined, document.querySelector(".facts").innerText],
        ([anew, facts]) => anew && /500 of 400/.test(facts), "loaded anew for new pictures");
    execFileSync(make, [folder, "end"]);
    await sees(
        page, () => document.querySelector("main").innerText.includes("written at step 500"), (yes) => yes,
        "the last page");
    assert.equal(existsSync(path.join(folder, "follow.data.js")), false);
    await close(page);
  },

  async "clicking a patch colours all photographs by similarity"(browser) {
    const page = await open(browser, "similarity.html");
    const map = (photo) => page.locator("canvas").nth(photo).evaluate((canvas) => canvas.toDataURL());
    const before = [await map(0), await map(1)];
    const photo = await page.locator(".stack").nth(0).boundingBox();
    await page.mouse.click(photo.x + photo.width * 0.125, photo.y + photo.height * 0.05);
    assert.match(await text(page, "figcaption"), /^row 1, column 3: 1\.000/);
    await page.mouse.move(2, 2);
    assert.match(await text(page, "figcaption"), /chosen: row 1, column 3/);
    assert.notEqual(await map(0), before[0]);
    assert.notEqual(await map(1), before[1]);
    await page.locator(".stack").nth(1).focus();
    await page.keyboard.press("ArrowRight");
    assert.match(await page.locator("figcaption").nth(1).innerText(), /chosen: row 1, column 2/);
    await close(page);
  },
};

let failed = 0;
try {
  execFileSync(make, [folder]);
  const browser = await chromium.launch({executablePath: browserPath, args: ["--no-sandbox"]});
  for (const [name, test] of Object.entries(tests)) {
    try {
      await test(browser);
      console.log(`ok      ${name}`);
    } catch (error) {
      ++failed;
      console.log(`FAILED  ${name}\n${error.stack}`);
    }
  }
  await browser.close();
} finally {
  rmSync(folder, {recursive: true, force: true});
}
process.exit(failed > 0 ? 1 : 0);
