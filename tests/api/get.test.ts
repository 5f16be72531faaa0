import { describe, expect, it } from "vitest";
import { get } from "./client.ts";
import { gotten, notFound, notModified } from "./expected.ts";
import { createTicketOption, sell, unknownId } from "./given.ts";

describe("reading a ticket option", () => {
  it("returns the option with an ETag and Cache-Control max-age=1", async () => {
    const option = await createTicketOption();

    expect(await get(option.ID)).toEqual(gotten(option));
  });

  it("accepts the id in any letter case and returns it in lower case with the same ETag", async () => {
    const option = await createTicketOption();

    expect(await get(option.ID.toUpperCase())).toEqual(await get(option.ID));
  });

  it("gives a different ETag to each option and after each sale", async () => {
    const option = await createTicketOption();
    const neighbour = await createTicketOption();
    const tags = [(await get(option.ID)).headers.etag, (await get(neighbour.ID)).headers.etag];
    await sell(option);
    tags.push((await get(option.ID)).headers.etag);

    expect(new Set(tags).size).toBe(3);
  });

  it.each([
    { what: "an unknown id", id: () => unknownId },
    { what: "a word as the id", id: () => "derby" },
    {
      what: "an id with a digit missing",
      id: (known: string) => known.slice(0, -1),
    },
    { what: "an id with an extra digit", id: (known: string) => `${known}0` },
    {
      what: "an id without hyphens",
      id: (known: string) => known.replaceAll("-", ""),
    },
    { what: "an id in braces", id: (known: string) => `%7B${known}%7D` },
    { what: "an id with a line break", id: (known: string) => `${known}%0A` },
    { what: "an id that looks like SQL", id: () => "1'%20or%20'1'='1" },
  ])("returns 404 for $what", async ({ id }) => {
    const option = await createTicketOption();

    expect(await get(id(option.ID))).toEqual(notFound());
  });
});

describe("reading a ticket option with If-None-Match", () => {
  it.each([
    { what: "its ETag", header: (tag: string) => tag },
    { what: "its ETag as a weak one", header: (tag: string) => `W/${tag}` },
    {
      what: "a list with its ETag",
      header: (tag: string) => `"another", ${tag},"third"`,
    },
    {
      what: "a list with its ETag as a weak one",
      header: (tag: string) => `W/"another" , W/${tag}`,
    },
    { what: "a star", header: () => "*" },
    {
      what: "two header lines, its ETag in the first",
      header: (tag: string) => [tag, '"another"'],
    },
    {
      what: "two header lines, its ETag in the second",
      header: (tag: string) => ['"another"', tag],
    },
  ])("returns 304 without a body for $what", async ({ header }) => {
    const option = await createTicketOption();
    const { etag = "" } = (await get(option.ID)).headers;

    expect(await get(option.ID, { "If-None-Match": header(etag) })).toEqual(notModified(etag));
  });

  it("accepts the header name in any letter case", async () => {
    const option = await createTicketOption();
    const { etag = "" } = (await get(option.ID)).headers;

    expect(await get(option.ID, { "if-none-match": etag })).toEqual(notModified(etag));
    expect(await get(option.ID, { "IF-NONE-MATCH": etag })).toEqual(notModified(etag));
  });

  it.each([
    { what: "another ETag", header: () => '"another"' },
    { what: "a list of other ETags", header: () => '"another", W/"third"' },
    { what: "a longer ETag", header: (tag: string) => `"x${tag.slice(1)}` },
    {
      what: "a part of the ETag",
      header: (tag: string) => `${tag.slice(0, -2)}"`,
    },
    { what: "a star in quotes", header: () => '"*"' },
  ])("returns the whole option for $what", async ({ header }) => {
    const option = await createTicketOption();
    const { etag = "" } = (await get(option.ID)).headers;

    expect(await get(option.ID, { "If-None-Match": header(etag) })).toEqual(gotten(option));
  });

  it("returns the whole option after a sale changed it", async () => {
    const option = await createTicketOption({ Allocation: 10 });
    const { etag = "" } = (await get(option.ID)).headers;
    await sell(option, { Quantity: 1 });

    const { UpdatedAt: _, ...untouched } = option;
    expect(await get(option.ID, { "If-None-Match": etag })).toEqual(gotten({ ...untouched, Allocation: 9 }));
  });

  it.each(["*", '"another"'])("returns 404 for an unknown option with If-None-Match: %s", async (header) => {
    expect(await get(unknownId, { "If-None-Match": header })).toEqual(notFound());
  });
});
