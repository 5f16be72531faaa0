// What the generated code names and Node's types do not. A project with the DOM's types does without this file.
// biome-ignore lint/suspicious/noExplicitAny: Node's own type of it is wider than the DOM's
type HeadersInit = any;
type BodyInit = NonNullable<RequestInit["body"]>;
declare const document: unknown;
