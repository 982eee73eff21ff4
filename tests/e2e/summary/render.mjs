// Renders summaries as GitHub's page of a run does, in headless Chromium: Markdown with HTML, its style sheet, Mermaid.
//
//     node render.mjs SUMMARIES.json FOLDER CHROMIUM MERMAID THEME...
//
// SUMMARIES.json holds texts by name. Writes FOLDER/NAME-THEME.png, and prints as JSON what went
// wrong and what is there. THEME is light or dark; MERMAID is the name of the package that draws.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import MarkdownIt from "markdown-it";
import { chromium } from "playwright-core";

const [summaries, folder, executablePath, mermaid, ...themes] = process.argv.slice(2);
const find = createRequire(import.meta.url).resolve;
const script = join(dirname(find(mermaid)), "mermaid.min.js");
const style = (theme) => readFileSync(find(`github-markdown-css/github-markdown-${theme}.css`), "utf8");
const markdown = new MarkdownIt({ html: true, linkify: true });

// In the page: turn code blocks into charts, and say what happened.
async function draw(theme) {
  const errors = [];
  globalThis.mermaid.initialize({ startOnLoad: false, securityLevel: "strict", theme });
  const blocks = [...document.querySelectorAll("code.language-mermaid")];
  for (const [number, block] of blocks.entries()) {
    try {
      const { svg } = await globalThis.mermaid.render(`chart${number}`, block.textContent);
      const drawn = document.createElement("div");
      drawn.className = "chart";
      drawn.innerHTML = svg;
      block.parentElement.replaceWith(drawn);
    } catch (error) {
      errors.push(String(error));
    }
  }
  if (document.body.textContent.includes("Syntax error")) errors.push("a chart says that it has a syntax error");
  const outside = [...document.querySelectorAll("article *")].filter((one) => !one.closest(".chart"));
  const wide = [...document.querySelectorAll("article > *")].filter((one) => one.scrollWidth > one.clientWidth + 1);
  return {
    errors,
    charts: blocks.length,
    tags: [...new Set(outside.map((one) => one.tagName.toLowerCase()))],
    attributes: [...new Set(outside.flatMap((one) => one.getAttributeNames()))],
    links: outside.map((one) => one.getAttribute("href")).filter((one) => one),
    wide: wide.map((one) => one.tagName.toLowerCase()),
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
    for (const theme of themes) {
      const page = await browser.newPage({ viewport: { width: 920, height: 400 } });
      await page.setContent(
        `<!doctype html><meta charset=utf-8><style>${style(theme)} body { margin: 0 } article { padding: 24px }</style>` +
          `<article class="markdown-body">${markdown.render(text)}</article>`,
      );
      await page.addScriptTag({ path: script });
      found[`${name}-${theme}`] = await page.evaluate(draw, theme === "dark" ? "dark" : "default");
      await page.screenshot({ path: join(folder, `${name}-${theme}.png`), fullPage: true });
      await page.close();
    }
  }
} finally {
  await browser.close();
}
console.log(JSON.stringify(found));
