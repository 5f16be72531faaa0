import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

const plan = readFileSync(path.join(import.meta.dirname, "../../bench/on-sale.jmx"), "utf8")
  .replaceAll("&quot;", '"')
  .replaceAll("&lt;", "<")
  .replaceAll("&gt;", ">")
  .replaceAll("&amp;", "&");

const all = (pattern: RegExp) => [...new Set([...plan.matchAll(pattern)].map(([, found]) => found))].sort();

/** The part of the plan from the thread group of this name to the next one. */
const group = (name: string) =>
  plan.match(new RegExp(`testname="${name}"(?:(?!<\\w*ThreadGroup ).)*`, "s"))?.[0] ?? "";

/** What a thread group does, in its order: requests, conditions and patterns of responses; `{x}` is the variable x. */
const steps = (name: string) =>
  [
    ...group(name).matchAll(
      /<stringProp name="(?:Argument\.value">(?=\{)|HTTPSampler\.path">|\w+Controller\.condition">|pattern">)(.*)<\/stringProp>/g,
    ),
  ].map(([, step]) => step?.replaceAll("${", "{"));

describe("bench/on-sale.jmx", () => {
  it("uses only elements and functions of both JMeter 2.13 and JMeter 5", () => {
    expect({ elements: all(/testclass="(\w+)"/g), functions: all(/\$\{(__\w+)/g) }).toEqual({
      elements: [
        ...["Arguments", "ConfigTestElement", "ConstantTimer", "HTTPSamplerProxy", "HeaderManager"],
        ...["IfController", "LoopController", "PostThreadGroup", "RegexExtractor", "ResponseAssertion"],
        ...["ResultCollector", "SetupThreadGroup", "TestPlan", "ThreadGroup", "WhileController"],
      ],
      functions: ["__P", "__UUID", "__jexl2", "__setProperty"],
    });
  });

  it("takes the service and the size of the sale from the command line", () => {
    expect(all(/\$\{__P\((\w+,[^)]*)\)\}/g)).toEqual([
      ...["buyers,300", "hold,5", "holders,50", "host,127.0.0.1", "limit,600", "port,8080", "quantity,2"],
      ...["ramp,1", "tickets,500"],
    ]);
  });

  it("holds tickets, and waits until each hold has lapsed", () => {
    expect(steps("Holders")).toEqual([
      '{"Quantity": {quantity}, "UserID": "{__UUID}", "HoldSeconds": {hold}}',
      "/ticket_options/{__P(ticketOption)}/purchases",
      "200|409",
      '"Status":"held","ExpiresAt"|"detail":"there is not any available tickets"',
      '{__jexl2("{status}" == "held")}',
      "/ticket_options/{__P(ticketOption)}/purchases/{purchase}",
      '"Status":"(held|lapsed|cancelled)"',
    ]);
  });

  it("buys tickets, and retries a refused purchase as long as held tickets may come back", () => {
    expect(steps("Buyers")).toEqual([
      '{__jexl2("{status}" != "sold" && {left} + {held} >= {quantity})}',
      '{"Quantity": {quantity}, "UserID": "{__UUID}"}',
      "/ticket_options/{__P(ticketOption)}/purchases",
      "200|409",
      '"TicketIDs":\\["[^"]+"|"detail":"there is not any available tickets"',
      '{__jexl2("{status}" == "refused")}',
      "/ticket_options/{__P(ticketOption)}",
      "200",
    ]);
  });

  it("finds in the end that no ticket is held, and that exactly those are left that could not be sold", () => {
    const wanted = "{buyers} * {quantity}";
    const left = `{__jexl2(${wanted} < {tickets} ? {tickets} - ${wanted} : {tickets} % {quantity})}`;

    expect(steps("After the sale")).toEqual([
      "/ticket_options/{__P(ticketOption)}",
      `"Allocation":${left},"Capacity":{tickets},`,
    ]);
  });
});
