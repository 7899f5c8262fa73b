import { createClient, type Client } from "graphql-ws";
import { print, type DocumentNode } from "graphql";
import { makeStore } from "../store";
import { apiPath } from "../settings";
import { signOut } from "../session/session";
import { SIGNED_OUT } from "./client";

const UNAUTHORIZED = 4401;
const LONGEST_WAIT_MILLISECONDS = 2_500;
const AGAIN_MILLISECONDS = 5_000;

/** The state of the page's socket. off: nothing is followed. since: when it was last live. */
export interface Connection {
  state: "off" | "connecting" | "live" | "waiting";
  until: number | null;
  since: number | null;
}

export const connection = makeStore<Connection>({ state: "off", until: null, since: null });

/** An event of a subscription: its cursor, whether events may be missing before it, and its subject; or a batch, which has no cursor. */
interface LiveEvent<Node> {
  cursor?: string;
  gap: boolean;
  node?: Node | null;
  items?: readonly Node[];
  /** Of an event that is its own subject. */
  kind?: unknown;
  /** Number of those that are left out of a sample. */
  skipped?: number;
}

export interface Followed<Node> {
  document: DocumentNode;
  variables: { after?: string | null; [name: string]: unknown };
  onNode(node: Node, cursor: string | null): void;
  onGap(): void;
  /** Called for each batch of a sample, with the number of what it leaves out. */
  onSkipped?(count: number): void;
}

/** The page's one socket: all that is live comes over it, and goes on from its cursor after an outage. */
export class Live {
  private readonly client: Client;

  constructor(token: string) {
    this.client = createClient({
      url: location.origin.replace(/^http/, "ws") + apiPath,
      connectionParams: { authorization: `Bearer ${token}` },
      lazy: true,
      lazyCloseTimeout: 1_000, // spans a change of page
      keepAlive: 10_000,
      connectionAckWaitTimeout: 10_000,
      retryAttempts: Infinity,
      shouldRetry: () => true,
      retryWait: waitToRetry,
      on: {
        connecting: () => update({ state: "connecting", until: null }),
        connected: () => update({ state: "live", until: null, since: Date.now() }),
        closed: closed,
      },
    });
  }

  /** Follows a subscription until the returned function is called. */
  follow<Node>(followed: Followed<Node>): () => void {
    // graphql-ws sends this very object at each connect: the cursor in it is what makes it go on instead of beginning again.
    const variables = { ...followed.variables };
    const payload = { query: print(followed.document), variables };
    let end = () => {};
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const begin = () => {
      end = this.client.subscribe<Record<string, LiveEvent<Node>>>(payload, {
        next: ({ data }) => {
          const event = data && Object.values(data)[0];
          if (!event || isOver) return;
          const cursor = event.cursor ?? null;
          variables.after = cursor;
          if (event.gap) followed.onGap();
          if (event.skipped !== undefined) followed.onSkipped?.(event.skipped);
          for (const node of nodesOf(event)) followed.onNode(node, cursor);
        },
        error: again,
        complete: again,
      });
    };
    // Some closes end a subscription for good, whatever shouldRetry says, and so do errors of the operation.
    const again = () => {
      if (isOver) return;
      clearTimeout(timer);
      timer = setTimeout(begin, AGAIN_MILLISECONDS);
    };
    begin();
    return () => {
      isOver = true;
      clearTimeout(timer);
      end();
    };
  }

  /** Closes the socket, for another token's. */
  close(): void {
    void this.client.dispose();
    update({ state: "off", until: null });
  }
}

function nodesOf<Node>(event: LiveEvent<Node>): readonly Node[] {
  if (event.items) return event.items;
  if (event.node !== undefined) return event.node ? [event.node] : [];
  return event.kind && !event.gap ? [event as Node] : [];
}

function update(change: Partial<Connection>): void {
  connection.set({ ...connection.get(), ...change });
}

function closed(event: unknown): void {
  const { code } = event as CloseEvent;
  const { state } = connection.get();
  const since = state === "live" ? Date.now() : connection.get().since;
  if (code === UNAUTHORIZED) signOut(SIGNED_OUT);
  // With 1000 graphql-ws itself closes, since nothing is followed.
  update({ state: code === 1000 || code === UNAUTHORIZED ? "off" : "waiting", until: null, since });
}

function waitToRetry(retries: number): Promise<void> {
  const most = Math.min(300 * 2 ** retries, LONGEST_WAIT_MILLISECONDS);
  const milliseconds = most * (0.5 + Math.random() / 2);
  update({ state: "waiting", until: Date.now() + milliseconds });
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
