import type { APIGatewayProxyEvent } from "aws-lambda";
import { type Node, parseTree } from "jsonc-parser";
import { bodyTooLarge, invalidRequest } from "./problem.ts";

const MAX_BODY_BYTES = 100_000;

/**
 * The members of the JSON object in a request's body, in the order in which they are written, for in the object itself
 * a key that is given twice could not be seen. The value of one that is an object or an array is some object.
 *
 * @throws Problem if the body is too large, or no JSON object in UTF-8
 */
export function bodyMembers(event: APIGatewayProxyEvent): [key: string, value: unknown][] {
  const sent = String(event.body ?? ""); // serverless-offline hands on `0` and `false` as no text
  const bytes = Buffer.from(sent, event.isBase64Encoded ? "base64" : "utf8");
  if (bytes.length > MAX_BODY_BYTES) throw bodyTooLarge(MAX_BODY_BYTES);
  let text: string;
  let root: Node | undefined;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    JSON.parse(text); // strict, which the other parser is not
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

/** A number that JavaScript would round is `NaN`. */
function exactValue(text: string, node: Node | undefined): unknown {
  if (node?.type !== "number") return node?.children ?? node?.value;
  return isExact(text.slice(node.offset, node.offset + node.length)) ? node.value : Number.NaN;
}

/** Whether a number is what JavaScript makes of it: `1.0000000000000000001` is not 1. */
function isExact(source: string): boolean {
  return significantDigits(source) === significantDigits(String(Number(source)));
}

/** In linear time: a regular expression that trims zeros takes the square of their number. */
function significantDigits(number: string): string {
  const [mantissa = ""] = number.toLowerCase().split("e");
  const digits = mantissa.replaceAll("-", "").replaceAll(".", "");
  let [start, end] = [0, digits.length];
  while (digits[start] === "0") start += 1;
  while (end > start && digits[end - 1] === "0") end -= 1;
  return digits.slice(start, end);
}
