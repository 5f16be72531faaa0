// `npm run build:docs`: docs/openapi.yaml as one page without external resources, with a form for each endpoint.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { parse } from "yaml";

const docs = path.join(import.meta.dirname, "..");
const page = path.resolve(process.argv[2] ?? path.join(docs, "reference.html"));
const { resolve } = createRequire(import.meta.url);
const swaggerUi = (file: string) => readFileSync(resolve(`swagger-ui-dist/${file}`), "utf8");

/** In a page, nothing in a script may look like its end. */
const inScript = (code: string) => code.replaceAll("</script", "<\\/script");

const specification = parse(readFileSync(path.join(docs, "openapi.yaml"), "utf8"));
const options = {
  dom_id: "#reference",
  spec: specification,
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
  validatorUrl: null, // a web service
};

writeFileSync(
  page,
  `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${specification.info.title}</title>
<link rel="icon" href="data:,">
<style>body { margin: 0 } ${swaggerUi("swagger-ui.css")}</style>
<div id="reference"></div>
<script>${inScript(swaggerUi("swagger-ui-bundle.js"))}</script>
<script>SwaggerUIBundle(${inScript(JSON.stringify(options))})</script>
</html>
`,
);
console.log(`Open ${page} in a browser.`);
