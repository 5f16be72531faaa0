import { describe, expect, it } from "vitest";
import { get } from "./client.ts";
import { gotten, notFound, notModified } from "./expected.ts";
import { createTicketOption, sell, unknownId } from "./given.ts";

describe("reading a ticket option", () => {
  it("answers the option with a tag and leave to cache it for a second", async () => {
    const option = await createTicketOption();

    expect(await get(option.ID)).toEqual(gotten(option));
  });

  it("takes the id in any letter case and answers it in lower case, under the same tag", async () => {
    const option = await createTicketOption();

    expect(await get(option.ID.toUpperCase())).toEqual(await get(option.ID));
  });

  it("tags two options, and one before and after a sale, differently", async () => {
    const option = await createTicketOption();
    const neighbour = await createTicketOption();
    const tags = [(await get(option.ID)).headers.etag, (await get(neighbour.ID)).headers.etag];
    await sell(option);
    tags.push((await get(option.ID)).headers.etag);

    expect(new Set(tags).size).toBe(3);
  });

  it.each([
    { what: "an unknown id", id: () => unknownId },
    { what: "a word", id: () => "derby" },
    {
      what: "an id that lacks a digit",
      id: (known: string) => known.slice(0, -1),
    },
    { what: "an id with a digit too many", id: (known: string) => `${known}0` },
    {
      what: "an id without hyphens",
      id: (known: string) => known.replaceAll("-", ""),
    },
    { what: "an id in braces", id: (known: string) => `%7B${known}%7D` },
    { what: "an id with a line end", id: (known: string) => `${known}%0A` },
    { what: "something that looks like SQL", id: () => "1'%20or%20'1'='1" },
  ])("does not find $what", async ({ id }) => {
    const option = await createTicketOption();

    expect(await get(id(option.ID))).toEqual(notFound());
  });
});

describe("reading a ticket option that the client already has", () => {
  it.each([
    { what: "its tag", header: (tag: string) => tag },
    { what: "its tag as a weak one", header: (tag: string) => `W/${tag}` },
    {
      what: "a list with its tag",
      header: (tag: string) => `"another", ${tag},"third"`,
    },
    {
      what: "a list with its tag as a weak one",
      header: (tag: string) => `W/"another" , W/${tag}`,
    },
    { what: "a star", header: () => "*" },
    {
      what: "two header lines, its tag in the first",
      header: (tag: string) => [tag, '"another"'],
    },
    {
      what: "two header lines, its tag in the second",
      header: (tag: string) => ['"another"', tag],
    },
  ])("answers 304 without a body to $what", async ({ header }) => {
    const option = await createTicketOption();
    const { etag = "" } = (await get(option.ID)).headers;

    expect(await get(option.ID, { "If-None-Match": header(etag) })).toEqual(notModified(etag));
  });

  it("reads the header in any letter case", async () => {
    const option = await createTicketOption();
    const { etag = "" } = (await get(option.ID)).headers;

    expect(await get(option.ID, { "if-none-match": etag })).toEqual(notModified(etag));
    expect(await get(option.ID, { "IF-NONE-MATCH": etag })).toEqual(notModified(etag));
  });

  it.each([
    { what: "another tag", header: () => '"another"' },
    { what: "a list of other tags", header: () => '"another", W/"third"' },
    { what: "a longer tag", header: (tag: string) => `"x${tag.slice(1)}` },
    {
      what: "a part of the tag",
      header: (tag: string) => `${tag.slice(0, -2)}"`,
    },
    { what: "a star in quotes", header: () => '"*"' },
  ])("answers the whole option to $what", async ({ header }) => {
    const option = await createTicketOption();
    const { etag = "" } = (await get(option.ID)).headers;

    expect(await get(option.ID, { "If-None-Match": header(etag) })).toEqual(gotten(option));
  });

  it("answers the whole option once a sale has changed it", async () => {
    const option = await createTicketOption({ Allocation: 10 });
    const { etag = "" } = (await get(option.ID)).headers;
    await sell(option, { Quantity: 1 });

    const { UpdatedAt: _, ...untouched } = option;
    expect(await get(option.ID, { "If-None-Match": etag })).toEqual(gotten({ ...untouched, Allocation: 9 }));
  });

  it.each(["*", '"another"'])(
    "does not find an unknown option, whatever the client has (%s)",
    async (header) => {
      expect(await get(unknownId, { "If-None-Match": header })).toEqual(notFound());
    },
  );
});
