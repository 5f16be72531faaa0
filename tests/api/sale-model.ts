// A simple model of an option and its purchases: what the API has to respond, without any of its concurrency.
import type { HeldPurchase, Purchase, TicketOption } from "../../client/client.ts";
import type { ContractResponse } from "./client.ts";
import {
  cancelledPurchase,
  capacityInUse,
  confirmedPurchase,
  held,
  invalid,
  notEnough,
  notOnSale,
  overLimit,
  purchaseCancelled,
  purchased,
  purchaseSold,
  shown,
} from "./expected.ts";

/** The fields of an option that a change can set; null if there is no such rule. */
export interface Settings {
  Name: string;
  Desc: string;
  Capacity: number;
  SaleStartsAt: string | null;
  SaleEndsAt: string | null;
  MaxPerPurchase: number | null;
  MaxPerUser: number | null;
}

export interface Order {
  UserID: string;
  Quantity: number;
  HoldSeconds: number | null;
}

export interface Sale {
  order: Order;
  key: string;
  /** As the API showed it last, or as it has to show it. */
  body: Purchase;
  /** What its hold has left, in seconds of the model's clock. It is only for holds that are neither sold nor cancelled. */
  secondsLeft: number;
  /** The number of its last change. The holds that are returned together have the same. */
  changed: number;
}

/** What has to be responded, and what is to be noted when it was. */
interface Step {
  response: ContractResponse;
  /** Is called with the body of the actual response, if the request succeeded. */
  done?: (body: unknown) => void;
}

export class OptionModel {
  readonly id: string;
  readonly sales: Sale[] = [];
  settings: Settings;
  readonly #created: TicketOption;
  #changes = 0;
  /** Whether UpdatedAt has to be later than before. */
  isUpdated = false;

  constructor(created: TicketOption, settings: Settings) {
    this.id = created.ID;
    this.settings = settings;
    this.#created = created;
  }

  #sum(isCounted: (sale: Sale) => boolean): number {
    return this.sales.filter(isCounted).reduce((sum, { order }) => sum + order.Quantity, 0);
  }

  get #inStock(): number {
    return this.settings.Capacity - this.#sum(({ body }) => body.Status !== "cancelled");
  }

  get #available(): number {
    return this.#inStock + this.#sum(isLapsed);
  }

  /** The option as the API has to show it, but for UpdatedAt. */
  shown(UpdatedAt: string): TicketOption {
    const { ID, CreatedAt } = this.#created;
    const set = Object.entries(this.settings).filter(([, value]) => value !== null);
    const Held = this.#sum((sale) => sale.body.Status === "held" && !isLapsed(sale));
    const fields = { ...Object.fromEntries(set), ...(Held > 0 && { Held }) } as unknown as TicketOption;
    return { ...fields, ID, Allocation: this.#available, CreatedAt, UpdatedAt };
  }

  /** The sales in the order of their last change, of one user or of all. */
  feed(userId?: string): Sale[] {
    return this.sales
      .filter(({ order }) => userId === undefined || order.UserID === userId)
      .toSorted((one, other) => one.changed - other.changed || (one.body.ID < other.body.ID ? -1 : 1));
  }

  pass(seconds: number): void {
    for (const sale of this.sales.filter(isHold)) {
      sale.secondsLeft -= seconds;
      const body = sale.body as HeldPurchase;
      sale.body = {
        ...body,
        Status: sale.secondsLeft <= 0 ? "lapsed" : "held",
        ExpiresAt: earlier(body.ExpiresAt, seconds),
        CreatedAt: earlier(body.CreatedAt, seconds),
      };
    }
  }

  purchase(order: Order, key: string): Step {
    const { UserID, Quantity, HoldSeconds } = order;
    const { SaleStartsAt, SaleEndsAt, MaxPerPurchase, MaxPerUser } = this.settings;
    const now = new Date().toISOString();
    if ((SaleStartsAt ?? now) > now || (SaleEndsAt ?? "9") <= now)
      return {
        response: notOnSale({
          ...(SaleStartsAt !== null && { saleStartsAt: SaleStartsAt }),
          ...(SaleEndsAt !== null && { saleEndsAt: SaleEndsAt }),
        }),
      };
    if (MaxPerPurchase !== null && Quantity > MaxPerPurchase) return { response: overLimit(MaxPerPurchase) };
    const isOfUser = ({ order: one, body }: Sale) => one.UserID === UserID && body.Status !== "cancelled";
    const lapsedOfUser = (sale: Sale) => isOfUser(sale) && isLapsed(sale);
    const counted = this.#sum(isOfUser);
    const has = counted - this.#sum(lapsedOfUser);
    if (MaxPerUser !== null && has + Quantity > MaxPerUser) return { response: overLimit(MaxPerUser, has) };
    if (Quantity > this.#available) return { response: notEnough(Quantity, this.#available) };

    const bought = { TicketOptionID: this.id, UserID, Quantity };
    return {
      response: HoldSeconds === null ? purchased(bought) : held(bought),
      done: (body) => {
        if (MaxPerUser !== null && counted + Quantity > MaxPerUser) this.#return(lapsedOfUser);
        if (this.#inStock < Quantity) this.#return(isLapsed);
        this.isUpdated = true;
        this.sales.push({
          ...{ order, key, body: body as Purchase, secondsLeft: HoldSeconds ?? 0, changed: ++this.#changes },
        });
      },
    };
  }

  #return(isReturned: (sale: Sale) => boolean): void {
    const returned = this.sales.filter(isReturned);
    if (returned.length === 0) return;
    this.#changes++;
    this.isUpdated = true;
    for (const sale of returned) {
      sale.body = cancelledPurchase(sale.body) as Purchase;
      sale.changed = this.#changes;
    }
  }

  confirm(sale: Sale): Step {
    if (sale.body.Status === "cancelled") return { response: purchaseCancelled() };
    if (sale.body.Status === "sold") return { response: shown(sale.body) };
    return {
      response: shown(confirmedPurchase(sale.body)),
      done: (body) => Object.assign(sale, { body, changed: ++this.#changes }),
    };
  }

  cancel(sale: Sale, evenIfSold: boolean): Step {
    if (sale.body.Status === "cancelled") return { response: shown(sale.body) };
    if (sale.body.Status === "sold" && !evenIfSold) return { response: purchaseSold() };
    return {
      response: shown(cancelledPurchase(sale.body)),
      done: (body) => {
        this.isUpdated = true;
        Object.assign(sale, { body, changed: ++this.#changes });
      },
    };
  }

  /** @param UpdatedAt what to expect as that of the option after the change */
  change(change: Partial<Settings>, UpdatedAt: string): Step {
    const { SaleStartsAt, SaleEndsAt, ...after } = { ...this.settings, ...change };
    const broken = [
      ...(SaleStartsAt !== null && SaleEndsAt !== null && SaleStartsAt >= SaleEndsAt ? ["#/SaleEndsAt"] : []),
      ...(change.MaxPerUser !== undefined && this.settings.MaxPerUser === null ? ["#/MaxPerUser"] : []),
    ];
    if (broken.length > 0) return { response: invalid(...broken) };
    const inUse = this.settings.Capacity - this.#available;
    if (after.Capacity < inUse) return { response: capacityInUse(inUse) };

    const before = this.settings;
    this.settings = { ...after, SaleStartsAt, SaleEndsAt };
    if (this.#inStock < 0) {
      this.settings = before;
      this.#return(isLapsed);
      this.settings = { ...after, SaleStartsAt, SaleEndsAt };
    }
    this.isUpdated = true;
    return { response: shown(this.shown(UpdatedAt)) };
  }
}

const isHold = ({ body }: Sale) => body.Status === "held" || body.Status === "lapsed";
const isLapsed = (sale: Sale) => isHold(sale) && sale.secondsLeft <= 0;

/** A time in the form of the API, some seconds earlier. */
function earlier(time: string, seconds: number): string {
  return new Date(Date.parse(time) - seconds * 1000).toISOString().slice(0, 19) + time.slice(19);
}
