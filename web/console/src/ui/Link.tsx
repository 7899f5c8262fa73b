import type { ComponentProps, MouseEvent } from "react";
import { go, hrefOf } from "./location";

/** An address within the console: a plain click goes there without loading the page. */
export function Link({ to, ...others }: { to: string } & Omit<ComponentProps<"a">, "href" | "onClick">) {
  const follow = (event: MouseEvent) => {
    if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(to);
  };
  return <a href={hrefOf(to)} onClick={follow} {...others} />;
}
