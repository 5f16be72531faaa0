import type { APIGatewayProxyEvent } from "aws-lambda";
import { type Node, parseTree } from "jsonc-parser";
import { bodyTooLarge, invalidRequest } from "./problem.ts";

const MAX_BODY_BYTES = 100_000;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads the members of the JSON object in a request's body, in source order. A list, since an object would hide
 * duplicate keys. The value of a nested object or array is an unspecified object.
 *
 * @throws Problem if the body is too large, or not a JSON object in UTF-8
 */
export function bodyMembers(event: APIGatewayProxyEvent): [key: string, value: unknown][] {
  const sent = String(event.body ?? ""); // serverless-offline passes `0` and `false` as they are, not as strings
  const bytes = Buffer.from(sent, event.isBase64Encoded ? "base64" : "utf8");
  if (bytes.length > MAX_BODY_BYTES) throw bodyTooLarge(MAX_BODY_BYTES);
  let text: string;
  let root: Node | undefined;
  try {
    text = utf8.decode(bytes);
    JSON.parse(text); // strict, unlike `parseTree`
    root = parseTree(text);
  } catch (error) {
    const detail = error instanceof RangeError ? "must not be nested so deeply" : "must be JSON in UTF-8";
    throw invalidRequest([{ pointer: "#", detail }]);
  }
  if (root?.type !== "object") throw invalidRequest([{ pointer: "#", detail: "must be a JSON object" }]);
  return (root.children ?? []).map(({ children: [key, value] = [] }) => [
    key?.value,
    exactValue(text, value),
  ]);
}

/** The value of a node, or `NaN` for a number that JavaScript would round. */
function exactValue(text: string, node: Node | undefined): unknown {
  if (node?.type !== "number") return node?.children ?? node?.value;
  return isExact(text.slice(node.offset, node.offset + node.length)) ? node.value : Number.NaN;
}

/** Whether JavaScript represents a number exactly: `1.0000000000000000001` would become 1. */
function isExact(source: string): boolean {
  return significantDigits(source) === significantDigits(String(Number(source)));
}

/** Trims zeros in linear time; a regular expression would take quadratic time. */
function significantDigits(number: string): string {
  const [mantissa = ""] = number.toLowerCase().split("e");
  const digits = mantissa.replaceAll("-", "").replaceAll(".", "");
  let [start, end] = [0, digits.length];
  while (digits[start] === "0") start += 1;
  while (end > start && digits[end - 1] === "0") end -= 1;
  return digits.slice(start, end);
}
