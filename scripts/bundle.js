// Builds the front end, js/index.js, js/trial.js, js/offline.js and js/style.css, into the files that the wheel ships.
//
//   node scripts/bundle.js           writes them
//   node scripts/bundle.js --check   writes nothing; fails when the committed files are stale or too large
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const STATIC = "camwidget/widget/static";
// Every notebook that shows the widget stores and loads script and styles whole.
const MAX_BYTES = 100_000;

const { outputFiles } = await build({
  absWorkingDir: ROOT,
  entryPoints: [
    { in: "js/index.js", out: "camwidget" },
    { in: "js/trial.js", out: "trial" },
    { in: "js/style.css", out: "camwidget" },
    { in: "js/offline.js", out: "offline" },
  ],
  outdir: STATIC,
  bundle: true,
  format: "esm",
  target: "es2021",
  charset: "utf8",
  minify: true,
  legalComments: "none",
  write: false,
});

const files = outputFiles.map(({ path, contents }) => ({ path, bytes: Buffer.from(contents) }));
const total = files.reduce((sum, file) => sum + file.bytes.length, 0);
const complaints = [];
if (total > MAX_BYTES) complaints.push(`The bundle has ${total} bytes, at most ${MAX_BYTES} are allowed.`);

if (process.argv.includes("--check")) {
  for (const { path, bytes } of files) {
    const committed = await readFile(path).catch(() => null);
    if (committed === null || !committed.equals(bytes)) {
      complaints.push(`${relative(ROOT, path)} does not match js/. Run: make bundle`);
    }
  }
} else {
  for (const { path, bytes } of files) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
  }
}

for (const complaint of complaints) console.error(complaint);
if (complaints.length === 0) console.info(`bundle: ${files.length} files, ${total} bytes of ${MAX_BYTES}`);
process.exitCode = complaints.length === 0 ? 0 : 1;
