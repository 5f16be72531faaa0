import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parsePlaceholders } from "../src/data-api/placeholders.ts";

describe("placeholders", () => {
  it.each([
    ["a name with letters, digits and underscores", "select :a_1", "select $1", ["a_1"]],
    ["a name of digits only", "select :1, :2", "select $1, $2", ["1", "2"]],
    ["each use of one name separately", "select :a, :b, :a", "select $1, $2, $3", ["a", "b", "a"]],
    ["one before a cast", "select :a::int", "select $1::int", ["a"]],
    ["one right after an operator", "select a=:a", "select a=$1", ["a"]],
    ["one after a list's bracket", "select array[:a,:b]", "select array[$1,$2]", ["a", "b"]],
    [
      "one after a string that ends in a backslash",
      String.raw`select '\', :a`,
      String.raw`select '\', $1`,
      ["a"],
    ],
    [
      "one after an escape string",
      String.raw`select e'\'''\' :a', :b`,
      String.raw`select e'\'''\' :a', $1`,
      ["b"],
    ],
    ["one after a nested comment", "/* /* :a */ :b */ select :c", "/* /* :a */ :b */ select $1", ["c"]],
    ["one after a line comment", "select -- :a ' \n :b", "select -- :a ' \n $1", ["b"]],
    ["one after a dollar quote", "select $$it;s$$, $q$ '' $q$, :a", "select $$it;s$$, $q$ '' $q$, $1", ["a"]],
    ["one after a dollar in an identifier", "select a$$ :a $$", "select a$$ $1 $$", ["a"]],
  ])("replaces %s", (_case, sql, text, names) => {
    expect(parsePlaceholders(sql)).toEqual({ text, names });
  });

  it.each([
    ["a string", "select 'it''s :a'"],
    ["a quoted identifier", 'select 1 as ":a"'],
    ["an unclosed comment", "select 1 /* /* :a */ :b"],
    ["a cast", "select a::int"],
    ["an assignment", "select f(a := 1)"],
    ["a slice with a blank after the colon", "select a[1: 2]"],
    ["the strings and comments of a dollar quote", "do $$ begin /* :a */ raise ':b %', 1::int; end $$"],
  ])("does not replace anything in %s", (_case, sql) => {
    expect(parsePlaceholders(sql)).toEqual({ text: sql, names: [] });
  });

  it.each([
    ["inside a dollar-quoted string", "select $$ :a $$", "a"],
    ["inside a dollar-quoted string", "select $x$ $y$ :a $y$ $x$", "a"],
    ["after a dollar-quoted string that leaves a quote or comment open", "select $q$it's$q$, :a", "a"],
    ["after a dollar-quoted string that leaves a quote or comment open", "select $q$ /* $q$, :a", "a"],
    ["directly after a value, as in an array slice", "select a[1:2]", "2"],
    ["directly after a value, as in an array slice", "select a[f(x):n]", "n"],
    ["directly after a value, as in an array slice", "select a[é:n]", "n"],
  ])("refuses a placeholder %s: %s", (place, sql, name) => {
    expect(() => parsePlaceholders(sql)).toThrow(
      `:${name} would be replaced as a parameter although it stands ${place}`,
    );
  });

  it("keeps all text except the placeholders, for any text between them", () => {
    const colons = fc.constantFrom(":x", "::y", ":=", ";", " ", "\n", "é", "$1", "a");
    const inside = fc.array(colons).map((parts) => parts.join(""));
    const plain = fc.oneof(
      inside.map((text) => `'${text}'''`),
      inside.map((text) => `e'${text}\\''`),
      inside.map((text) => `"${text}"""`),
      inside.map((text) => `-- ${text.replaceAll("\n", "")}\n`),
      inside.map((text) => `/* ${text} /* ' */ ${text} */`),
      fc.constantFrom("$q$ ; '' :: $q$", "a::int", "f(x := 1)", "select", ",", "\t"),
    );
    const placeholder = fc.stringMatching(/^[A-Za-z0-9_]{1,8}$/);
    const statement = fc.array(
      fc.oneof(
        plain,
        placeholder.map((name) => ({ name })),
      ),
    );
    fc.assert(
      fc.property(statement, (parts) => {
        const names = parts.flatMap((part) => (typeof part === "string" ? [] : [part.name]));
        const write = (bind: (name: string) => string) =>
          parts.map((part) => (typeof part === "string" ? part : bind(part.name))).join(" ");
        let count = 0;
        expect(parsePlaceholders(write((name) => `:${name}`))).toEqual({
          text: write(() => `$${++count}`),
          names,
        });
      }),
    );
  });
});
