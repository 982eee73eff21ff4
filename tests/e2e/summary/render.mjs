// Renders summaries as GitHub's page of a run does, in headless Chromium: Markdown with HTML, and its style sheet.
//
//     node render.mjs SUMMARIES.json FOLDER CHROMIUM
//
// SUMMARIES.json holds texts by name. Writes FOLDER/NAME-THEME-WIDTH.png, for light and dark, desktop and phone, and
// prints as JSON what is there.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import MarkdownIt from "markdown-it";
import { chromium } from "playwright-core";

const [summaries, folder, executablePath] = process.argv.slice(2);
const find = createRequire(import.meta.url).resolve;
const style = (theme) => readFileSync(find(`github-markdown-css/github-markdown-${theme}.css`), "utf8");
const markdown = new MarkdownIt({ html: true, linkify: true });

// In the page: say what is there, and what a reader would have to scroll sideways to see.
function look() {
  const all = [...document.querySelectorAll("article *")];
  const wide = (one) => one.scrollWidth > one.clientWidth + 1;
  return {
    tags: [...new Set(all.map((one) => one.tagName.toLowerCase()))],
    attributes: [...new Set(all.flatMap((one) => one.getAttributeNames()))],
    links: all.map((one) => one.getAttribute("href")).filter((one) => one),
    wide: [document.documentElement, ...document.querySelectorAll("article > *")]
      .filter(wide)
      .map((one) => one.tagName.toLowerCase()),
    ran: globalThis.ran ?? null,
  };
}

const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
const browser = await chromium.launch({
  executablePath,
  args: [...flags, "--disable-component-update", "--disable-sync"],
});
const found = {};
try {
  for (const [name, text] of Object.entries(JSON.parse(readFileSync(summaries, "utf8")))) {
    for (const theme of ["light", "dark"]) {
      for (const width of [920, 390]) {
        const page = await browser.newPage({ viewport: { width, height: 100 } });
        await page.setContent(
          `<!doctype html><meta charset=utf-8><style>${style(theme)} body { margin: 0 } article { padding: 24px }</style>` +
            `<article class="markdown-body">${markdown.render(text)}</article>`,
        );
        found[`${name}-${theme}-${width}`] = await page.evaluate(look);
        await page.screenshot({ path: join(folder, `${name}-${theme}-${width}.png`), fullPage: true });
        await page.close();
      }
    }
  }
} finally {
  await browser.close();
}
console.log(JSON.stringify(found));
